"""What the courier tells of receivers, and what it forgets."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import DirectWriter, ScriptedSender, idle, public, run

from hookyard.config.model import EndpointBreaker, OutboundSettings
from hookyard.config.values import Duration
from hookyard.egress.guard import Guard
from hookyard.egress.resolver import ResolveError
from hookyard.egress.rules import Rules
from hookyard.ids import IdSource
from hookyard.model import Delivery, DisabledReason
from hookyard.networks import Address
from hookyard.outbound.courier import HELD, Courier
from hookyard.outbound.destination import Destination
from hookyard.outbound.form import Rendered
from hookyard.outbound.policy import Policy, Verdict, refused
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.store.contract import AddMissed, DeliveriesMoved, ReleaseDelivery
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


class Plain:
    """A form that signs nothing."""

    def render(self, identifier: str, event: str, body: bytes, now: int) -> Rendered:
        del event, now
        return Rendered({"webhook-id": identifier}, body)


class Book:
    """One destination for everything, and what was told of it."""

    def __init__(self, destination: Destination | Verdict | None) -> None:
        self.where = destination
        self.told: list[tuple[object, ...]] = []

    def line_key(self, delivery: Delivery) -> str:
        return delivery.endpoint or "@"

    def destination(self, delivery: Delivery) -> Destination | Verdict | None:
        del delivery
        return self.where

    def succeeded(self, name: str, now: int) -> None:
        del now
        self.told.append(("succeeded", name))

    def failed(self, name: str, now: int, error: str) -> None:
        del now
        self.told.append(("failed", name, error))

    def disable(self, name: str, reason: DisabledReason, now: int, error: str) -> None:
        del now
        self.told.append(("disable", name, reason, error))

    def breaker(self, name: str, state: str, failures: int, now: int, until: int | None = None) -> None:
        self.told.append(("breaker", name, state, failures, until and until - now))


class Bench:
    """A courier over a store in memory."""

    def __init__(self, sender: ScriptedSender, resolve: Callable[..., object] = public, **settings: object) -> None:
        self.clock = FakeClock()
        base = Destination(
            endpoint="main",
            url="https://example.com/",
            form=Plain(),
            channel=Channel(key="main", timeout=15, connect_timeout=5),
            guard=Guard(Rules(), self.clock, resolve),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # any of the tests' own
            policy=Policy((0, 100, 100), 0, 1_000, lambda: 0.5),
            concurrency=4,
        )
        self.book = Book(replace(base, **settings))
        self.store = MemoryStore()
        self.writer = DirectWriter(self.store)
        self.sender = sender
        self.courier = Courier(
            writer=self.writer, destinations=self.book, sender=sender, settings=OutboundSettings(), clock=self.clock
        )
        self.ids = IdSource(self.clock)
        self.added: list[str] = []

    def add(self, count: int = 1) -> None:
        now = self.clock.now()
        for _ in range(count):
            identifier = self.ids()
            self.added.append(identifier)
            one = Delivery(
                id=identifier, job_id=None, event="e", endpoint="main", url=None, event_id=identifier, body=b"{}",
                created_at=now, next_at=now,
            )  # fmt: skip
            assert self.store.apply([AddMissed(now=now, deliveries=(one,))]) == [DeliveriesMoved(1, None)]
        self.courier.expect(now)

    async def pass_time(self, millis: int) -> None:
        await idle()
        self.clock.advance(millis)
        await idle()

    async def drain(self) -> None:
        drain = asyncio.ensure_future(self.courier.drain(1_000))
        await self.pass_time(1_000)
        await drain


def told(script: Answer | SendError, resolve: Callable[..., object] = public) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []

    async def scenario() -> None:
        bench = Bench(ScriptedSender(lambda _: script), resolve)
        bench.courier.start()
        bench.add()
        await bench.pass_time(0)
        found.extend(bench.book.told)
        await bench.drain()

    run(scenario())
    return found


async def nowhere(_host: str, _port: int) -> tuple[Address, ...]:
    raise ResolveError("no such name")


async def broken(_host: str, _port: int) -> tuple[Address, ...]:
    raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=204), [("succeeded", "main")]),
        (Answer(status=503), [("failed", "main", "http_503")]),
        (Answer(status=404), [("failed", "main", "http_404")]),
        (SendError("timeout"), [("failed", "main", "timeout")]),
        (Answer(status=410), [("failed", "main", "gone"), ("disable", "main", "gone", "gone")]),
        (Answer(status=200, wish="disable"), [("succeeded", "main"), ("disable", "main", "receiver", "")]),
        (Answer(status=500, wish="abort"), [("failed", "main", "aborted")]),
    ],
)
def test_every_attempt_is_told_once(answer: Answer | SendError, expected: list[tuple[object, ...]]) -> None:
    assert told(answer) == expected


def test_a_name_without_an_address_is_a_failure_and_a_mistake_of_ours_is_nobodys() -> None:
    assert told(Answer(status=200), nowhere) == [("failed", "main", "dns")]
    assert told(Answer(status=200), broken) == []


def test_the_turns_of_a_breaker_are_told() -> None:
    async def scenario() -> None:
        up = False
        sender = ScriptedSender(lambda _: Answer(status=200 if up else 500))
        rules = EndpointBreaker(failures=2, cooldown=Duration(1_000), longest=Duration(9_000))
        bench = Bench(sender, breaker=rules, concurrency=1)
        bench.courier.start()
        bench.add(3)
        for _ in range(15):
            await bench.pass_time(100)
        up = True
        for _ in range(60):
            await bench.pass_time(100)
        await bench.drain()
        assert [entry[2:] for entry in bench.book.told if entry[0] == "breaker"] == [
            ("opened", 2, 1_000), ("half_open", 2, None), ("opened", 3, 2_000), ("half_open", 3, None),
            ("closed", 0, None),
        ]  # fmt: skip

    run(scenario())


def test_an_endpoint_that_changed_begins_anew() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=429, retry_after="1"))
        bench = Bench(sender, breaker=EndpointBreaker(failures=1))
        bench.courier.start()
        bench.add()
        await bench.pass_time(0)
        state = bench.courier.state("main")
        assert state.paused_until == bench.clock.now() + 1_000
        assert state.rate is not None
        bench.courier.forget("main")
        await idle()
        state = bench.courier.state("main")
        assert (state.paused_until, state.rate, state.breaker) == (None, None, "closed")
        assert sender.forgotten == ["main"]
        assert bench.courier.state("nobody") == type(state)()
        await bench.drain()

    run(scenario())


def test_an_attempt_that_may_take_longer_than_usual_gets_a_lease_that_lasts() -> None:
    async def scenario() -> None:
        channel = Channel(key="main", timeout=600, connect_timeout=5)
        bench = Bench(ScriptedSender(), channel=channel)
        bench.courier.start()
        bench.add()
        await bench.pass_time(0)
        await bench.pass_time(1)
        assert len(bench.sender.sent) == 1
        assert bench.courier.lease > 1_200_000
        assert sum(isinstance(op, ReleaseDelivery) for op in bench.writer.ops) == 1
        await bench.drain()

    run(scenario())


def test_what_can_never_be_sent_fails_and_what_cannot_be_sent_now_waits() -> None:
    async def scenario() -> None:
        bench = Bench(ScriptedSender())
        bench.book.where = None
        bench.courier.start()
        bench.add()
        await bench.pass_time(0)
        (release,) = (op for op in bench.writer.ops if isinstance(op, ReleaseDelivery))
        assert release.next_at == bench.clock.now() + HELD
        bench.book.where = refused("endpoint_removed")
        await bench.pass_time(HELD)
        found = await bench.store.delivery(bench.added[0])
        assert found is not None
        assert (found.status, found.last_error) == ("failed", "endpoint_removed")
        assert bench.sender.sent == []
        await bench.drain()

    run(scenario())
