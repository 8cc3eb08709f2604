import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Generator
from ipaddress import ip_address
from typing import Any, Literal, TypeVar

import pytest
import uvloop

from hookyard.config.model import OutboundSettings
from hookyard.egress.guard import EgressError, Guard
from hookyard.egress.resolver import ResolveError, system_resolver
from hookyard.egress.rules import outbound_rules
from hookyard.networks import Address
from hookyard.testing import FakeClock

T = TypeVar("T")
URL = "https://example.com/hook"


class Names:
    """A resolver that answers as the test says, and counts."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, host: str, port: int) -> tuple[Address, ...]:
        self.asked.append((host, port))
        await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise ResolveError("no such name")
        return tuple(ip_address(text) for text in answer.split())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def guard(names: Names, settings: OutboundSettings | None = None, clock: FakeClock | None = None) -> Guard:
    return Guard(outbound_rules(settings or OutboundSettings()), clock or FakeClock(), names)


def refusal(names: Names, url: str = URL, settings: OutboundSettings | None = None) -> str:
    with pytest.raises(EgressError) as raised:
        run(guard(names, settings).target(url))
    return str(raised.value)


def test_a_public_https_url_passes_with_its_checked_addresses() -> None:
    names = Names("93.184.216.34 2606:2800:220:1:248:1893:25c8:1946")
    target = run(guard(names).target("https://Example.com./hook?x=1"))
    assert target.url == "https://example.com/hook?x=1"
    assert target.addresses == ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
    assert names.asked == [("example.com", 443)]


def test_plain_http_passes_only_when_it_is_allowed() -> None:
    names = Names("93.184.216.34")
    assert "not https" in refusal(names, "http://example.com/", OutboundSettings(allow_ports="any"))
    settings = OutboundSettings(allow_http=True, allow_ports="any")
    assert run(guard(names, settings).target("http://example.com/")).port == 80


@pytest.mark.parametrize(("url", "ports", "passes"), [
    ("https://example.com:8443/", (443,), False),
    ("https://example.com:8443/", (443, 8443), True),
    ("https://example.com:8443/", "any", True),
    ("https://example.com/", (8443,), False),
])  # fmt: skip
def test_only_allowed_ports_pass(url: str, ports: tuple[int, ...] | Literal["any"], passes: bool) -> None:
    names, settings = Names("93.184.216.34"), OutboundSettings(allow_ports=ports)
    if passes:
        assert run(guard(names, settings).target(url)).url == url
    else:
        assert "port" in refusal(names, url, settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "127.0.0.1."])
def test_a_denied_address_in_the_url_is_refused_without_asking_anybody(host: str) -> None:
    names = Names("93.184.216.34")
    assert "may not be called" in refusal(names, f"https://{host}/")
    assert names.asked == []


@pytest.mark.parametrize("url", ["https://2130706433/", "https://user@example.com/", "gopher://example.com/", ""])
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    assert refusal(Names("93.184.216.34"), url)


@pytest.mark.parametrize("answer", ["10.0.0.1", "::1", "::ffff:10.0.0.1", "2002:a00:1::1", "64:ff9b::a00:1"])
def test_a_name_that_leads_inside_is_refused(answer: str) -> None:
    assert "may not be called" in refusal(Names(answer))


@pytest.mark.parametrize("answer", ["93.184.216.34 10.0.0.1", "10.0.0.1 93.184.216.34", "93.184.216.34 ::1"])
def test_one_denied_address_among_public_ones_condemns_the_host(answer: str) -> None:
    assert "may not be called" in refusal(Names(answer))


def test_an_allowed_network_may_be_called() -> None:
    settings = OutboundSettings(allow_networks=("10.1.0.0/16",))
    assert run(guard(Names("10.1.2.3"), settings).target(URL)).addresses == ("10.1.2.3",)
    assert refusal(Names("10.2.0.1"), URL, settings)


def test_a_mapped_public_address_is_connected_to_as_ipv4() -> None:
    assert run(guard(Names("::ffff:93.184.216.34 93.184.216.34")).target(URL)).addresses == ("93.184.216.34",)


@pytest.mark.parametrize("answer", [None, ""])
def test_a_name_without_addresses_may_have_some_later(answer: str | None) -> None:
    with pytest.raises(ResolveError):
        run(guard(Names(answer)).target(URL))


def test_an_answer_is_kept_a_while_and_then_asked_and_checked_again() -> None:
    clock, names = FakeClock(), Names("93.184.216.34", "127.0.0.1")

    async def scenario() -> None:
        checked = guard(names, clock=clock)
        assert checked.known(URL) is None
        first = await checked.target(URL)
        clock.advance(29_999)
        assert checked.known(URL) is first
        assert await checked.target(URL) is first
        clock.advance(1)
        assert checked.known(URL) is None
        with pytest.raises(EgressError):
            await checked.target(URL)
        assert checked.known(URL) is None
        assert len(names.asked) == 2

    run(scenario())


def test_a_name_without_an_answer_is_asked_again_only_after_a_second() -> None:
    clock, names = FakeClock(), Names(None, "93.184.216.34")

    async def scenario() -> None:
        checked = guard(names, clock=clock)
        for _ in range(3):
            with pytest.raises(ResolveError):
                await checked.target(URL)
        assert len(names.asked) == 1
        clock.advance(1_000)
        assert (await checked.target(URL)).addresses

    run(scenario())


def test_many_callers_at_once_ask_once_and_one_that_leaves_takes_nobody_along() -> None:
    async def scenario() -> None:
        names = Names("93.184.216.34")
        names.gate.clear()
        checked = guard(names)
        callers = [asyncio.create_task(checked.target(URL)) for _ in range(5)]
        await asyncio.sleep(0)
        callers[0].cancel()
        names.gate.set()
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert len({id(result) for result in results[1:]}) == 1
        assert len(names.asked) == 1

    run(scenario())


def test_the_memory_of_answers_is_bounded() -> None:
    async def scenario() -> None:
        names = Names("93.184.216.34")
        checked = guard(names)
        for number in range(4097):
            await checked.target(f"https://example.com/{number}")
        assert checked.known("https://example.com/0") is None
        assert checked.known("https://example.com/4096")

    run(scenario())


def test_the_systems_resolver_finds_loopback_and_says_when_there_is_nothing() -> None:
    async def scenario() -> None:
        resolve = system_resolver(5)
        assert await resolve("127.0.0.1", 80) == (ip_address("127.0.0.1"),)
        with pytest.raises(ResolveError):
            await resolve("no-such-name.invalid", 80)
        with pytest.raises(ResolveError):
            await resolve("a" * 70, 80)

    run(scenario())


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The machine's resolver hangs on names that begin with `hang`, until the test is over."""
    over, usual = threading.Event(), socket.getaddrinfo

    def asked(host: str, port: int, **settings: int) -> list[Any]:
        if host.startswith("hang"):
            over.wait(20)
            raise socket.gaierror
        return usual(host, port, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    yield
    over.set()


def test_a_resolver_that_never_answers_counts_as_no_answer(hanging: None) -> None:
    async def scenario() -> None:
        with pytest.raises(ResolveError, match="no answer"):
            await system_resolver(0.01)("hang.example.com", 443)

    run(scenario())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_names_whose_servers_hang_keep_no_other_from_being_looked_up(
    loop: Callable[[], asyncio.AbstractEventLoop], hanging: None
) -> None:
    async def scenario() -> None:
        resolve = system_resolver(10)
        slow = [asyncio.ensure_future(resolve(f"hang{number}.example.com", 443)) for number in range(12)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            assert await resolve("127.0.0.1", 443) == (ip_address("127.0.0.1"),)
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scenario())
