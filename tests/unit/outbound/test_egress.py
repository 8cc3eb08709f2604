"""The guard and the client together: real servers on loopback, and a resolver that says what an attacker would.

Only 127.0.0.2 may be called here. `victim` is a server at 127.0.0.1 that must never see a connection; `public` is one
at 127.0.0.2, on the same port.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest

from hookyard.clock import SystemClock
from hookyard.config.model import EndpointSettings, OutboundSettings
from hookyard.config.values import Secret
from hookyard.egress.guard import TTL, EgressError, Guard
from hookyard.egress.resolver import ResolveError
from hookyard.egress.rules import Rules, outbound_rules
from hookyard.networks import Address
from hookyard.outbound.endpoints import Maker
from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.testing import FakeClock
from hookyard.testing.receiver import Received, Receiver, receiving, saying

RULES = Rules(allow_http=True, allow_ports="any", allow_networks=("127.0.0.2/32",))
ENVIRONMENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Names:
    """A resolver that gives these answers in turn, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> tuple[Address, ...]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return tuple(ip_address(text) for text in answer.split())


class Yard:
    """Two servers, a guard, a client."""

    def __init__(self, public: Receiver, victim: Receiver, guard: Guard, sender: HttpSender) -> None:
        self.public = public
        self.victim = victim
        self.guard = guard
        self.sender = sender

    def url(self, host: str = "hook.test", path: str = "/") -> str:
        return f"http://{host}:{self.victim.port}{path}"

    async def post(self, url: str, *, seconds: float = 5) -> Answer:
        """As the courier does it."""
        target = self.guard.known(url) or await self.guard.target(url)
        channel = Channel(key="endpoint", timeout=seconds, connect_timeout=seconds)
        return await self.sender.send(target, {"webhook-id": "msg_1"}, b"{}", channel)


@asynccontextmanager
async def yard(names: Names, rules: Rules = RULES, clock: FakeClock | None = None) -> AsyncGenerator[Yard]:
    async with receiving() as victim, receiving(host="127.0.0.2", port=victim.port) as public:
        sender = HttpSender()
        try:
            yield Yard(public, victim, Guard(rules, clock or FakeClock(), names), sender)
        finally:
            await sender.aclose()
        assert victim.connections == 0


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def test_the_yard_lets_out_what_may_go_out() -> None:
    async def scenario() -> None:
        async with yard(Names("127.0.0.2")) as it:
            assert (await it.post(it.url())).status == 200
            assert it.public.requests[0].headers["host"] == f"hook.test:{it.victim.port}"

    run(scenario())


LITERALS = [
    "127.0.0.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.1", "127.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[::1%lo]", "[::1%25lo]",
    "[fe80::1%25eth0]", "%31%32%37.0.0.1", "127.0.0.1%2e", "\N{FULLWIDTH DIGIT ONE}27.0.0.1",
    "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
    "\N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT TWO}\N{CIRCLED DIGIT SEVEN}.0.0.1", "0", "0.0.0.0",  # noqa: S104  refused
    "[::]", "0x7f.0.0.0x1",
    "127.0.0.1\t", "127.0.0.1\x00", "127.0.0.01", "127.0.0.1..", "00.0.0.0", "0300.0250.0.1",
    "user@127.0.0.1", "hook.test@127.0.0.1", "127.0.0.2:80@127.0.0.1", "127.0.0.1\\@hook.test", "127.0.0.1#@hook.test",
    "hook.test\\@127.0.0.1", "hook.test#@127.0.0.1", "user:pass@hook.test", "@127.0.0.1", ":@127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", LITERALS, ids=ascii)
def test_no_way_to_write_loopback_reaches_it(host: str) -> None:
    async def scenario() -> None:
        async with yard(Names("127.0.0.2")) as it:
            with pytest.raises(EgressError):
                await it.post(it.url(host))
            assert it.public.connections == 0

    run(scenario())


@pytest.mark.parametrize("answer", [
    "127.0.0.1", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0",  # noqa: S104  refused
    "127.0.0.2 127.0.0.1", "127.0.0.1 127.0.0.2", "127.0.0.2 ::1", "127.0.0.2 10.0.0.1 127.0.0.2", "fe80::1%lo",
])  # fmt: skip
def test_one_denied_address_in_an_answer_condemns_the_name(answer: str) -> None:
    async def scenario() -> None:
        async with yard(Names(answer)) as it:
            with pytest.raises(EgressError):
                await it.post(it.url())
            assert it.public.connections == 0

    run(scenario())


def test_a_name_that_leads_elsewhere_between_the_check_and_the_connection_gains_nothing() -> None:
    async def scenario() -> None:
        names = Names("127.0.0.2", "127.0.0.1")
        async with yard(names) as it:
            assert (await it.post(it.url())).status == 200
            assert (names.asked, it.public.connections) == (1, 1)

    run(scenario())


def test_a_name_that_leads_elsewhere_later_is_refused_although_a_connection_is_kept() -> None:
    async def scenario() -> None:
        clock, names = FakeClock(), Names("127.0.0.2", "127.0.0.1")
        async with yard(names, clock=clock) as it:
            for _ in range(3):
                await it.post(it.url())
            clock.advance(TTL)
            with pytest.raises(EgressError):
                await it.post(it.url())
            assert (names.asked, len(it.public.requests)) == (2, 3)

    run(scenario())


def test_a_name_that_leads_elsewhere_while_its_first_address_takes_no_connection_gains_nothing() -> None:
    async def scenario() -> None:
        rules = msgspec.structs.replace(RULES, allow_networks=("127.0.0.2/31",))
        names = Names("127.0.0.3 127.0.0.2", "127.0.0.1")
        async with yard(names, rules) as it:
            assert (await it.post(it.url())).status == 200
            assert names.asked == 1

    run(scenario())


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("header", ["Location", "Refresh", "Content-Location", "Alt-Svc"])
def test_an_answer_leads_nowhere(status: int, header: str) -> None:
    async def scenario() -> None:
        async with yard(Names("127.0.0.2")) as it:
            there = f"http://127.0.0.1:{it.victim.port}/"
            said = f"HTTP/1.1 {status} X\r\n{header}: {there}\r\ncontent-length: 0\r\n\r\n"
            it.public.handler = saying(said.encode(), hang_up=False)
            assert (await it.post(it.url())).status == status
            assert len(it.public.requests) == 1

    run(scenario())


@pytest.mark.parametrize("exempt", ["", "*", "hook.test", "127.0.0.2"])
def test_no_proxy_of_the_environment_is_asked(exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with yard(Names("127.0.0.2")) as it:
            for name in ENVIRONMENT:
                monkeypatch.setenv(name, f"http://127.0.0.1:{it.victim.port}")
            monkeypatch.setenv("NO_PROXY", exempt)
            assert (await it.post(it.url())).status == 200

    run(scenario())


def test_only_allowed_ports_and_schemes_are_called() -> None:
    async def scenario() -> None:
        async with yard(Names("127.0.0.1 127.0.0.2"), Rules(allow_networks=("127.0.0.0/8",))) as it:
            for url in (it.url(), it.url().replace("http:", "https:"), "http://hook.test/", "http://hook.test:443/"):
                with pytest.raises(EgressError):
                    await it.post(url)
            assert it.public.connections == 0

    run(scenario())


def test_an_answer_without_end_is_cut_off() -> None:
    async def scenario() -> None:
        async def flood(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

        async with yard(Names("127.0.0.2")) as it, asyncio.timeout(30):
            it.public.handler = flood
            assert len((await it.post(it.url())).body) == 4096
            await it.public.until(lambda: it.public.open == 0)

    run(scenario())


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["head", "body"])
def test_a_slow_drip_is_cut_off_by_the_timeout(said: bytes) -> None:
    async def scenario() -> None:
        async def drip(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

        async with yard(Names("127.0.0.2")) as it, asyncio.timeout(30):
            it.public.handler = drip
            if b"\r\n\r\n" in said:
                assert (await it.post(it.url(), seconds=2)).status == 200
            else:
                with pytest.raises(SendError, match=r"^timeout$"):
                    await it.post(it.url(), seconds=0.7)
            await it.public.until(lambda: it.public.open == 0)

    run(scenario())


def test_a_resolver_that_knows_nothing_lets_nothing_out() -> None:
    async def scenario() -> None:
        async with yard(Names("")) as it:
            with pytest.raises(ResolveError):
                await it.post(it.url())

    run(scenario())


def test_an_endpoints_own_networks_are_open_to_it_and_to_nobody_else() -> None:
    async def scenario() -> None:
        settings = OutboundSettings(allow_http=True, allow_ports="any", allow_networks=("10.0.0.0/8",))
        names = Names("127.0.0.2")
        maker = Maker(settings, clock=SystemClock(), resolver=names, draw=lambda: 0.5, agent="H/1", source="hookyard")
        endpoint = EndpointSettings(
            url="http://hook.test/", secrets=(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),),
            allow_networks=("127.0.0.2/32",),
        )  # fmt: skip
        async with yard(names) as it:
            it.guard = maker.guard_for(endpoint.allow_networks)
            assert (await it.post(it.url())).status == 200
            for denied in ("127.0.0.1", "127.0.0.3"):
                with pytest.raises(EgressError):
                    await it.post(it.url(denied))
            it.guard = maker.guard
            with pytest.raises(EgressError):
                await it.post(it.url())
            assert outbound_rules(settings).allow_networks == ("10.0.0.0/8",)

    run(scenario())
