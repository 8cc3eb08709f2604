"""One courier over a store and receivers that do what they like: whatever happens, a few things always hold."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.examples import examples
from tests.unit.outbound.courier.lab import House, endpoint, idle

from hookyard.config.model import Config, EndpointBreaker, EndpointSettings, OrderSettings, OutboundSettings
from hookyard.config.values import Duration, Rate
from hookyard.egress.guard import Target
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.testing import FakeClock

NAMES = ("plain", "limited", "ordered", "passing")
CONCURRENCY = 12
ANSWERS = st.sampled_from(
    [200, 200, 200, 204, 302, 404, 410, 429, 500, 502, 503, "timeout", "connect", "hang", "abort"]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("jobs"), st.integers(1, 30)),
        st.tuples(st.just("time"), st.sampled_from([0, 1, 10, 100, 1_000, 10_000, 70_000])),
        st.tuples(st.just("answer"), ANSWERS),
        st.tuples(st.just("open"), st.just(0)),
        st.tuples(st.just("crowd"), st.integers(10, 30)),
        st.tuples(st.just("forget"), st.sampled_from(NAMES)),
        st.tuples(st.just("full"), st.booleans()),
        st.tuples(st.just("restart"), st.booleans()),
    ),
    max_size=40,
)


class Receivers:
    """Answers as the latest `answer` says; what hangs is answered when somebody opens."""

    def __init__(self, clock: FakeClock) -> None:
        self.answer: int | str = 200
        self._clock = clock
        self._opened = asyncio.Event()
        self.closed = False
        self.under_way: Counter[str] = Counter()
        self.ids: dict[str, tuple[str, bytes]] = {}
        self.wrong: list[str] = []
        self.sent: list[tuple[int, str, str]] = []
        """When, to whom, which."""

    def open(self) -> None:
        self._opened.set()
        self._opened = asyncio.Event()

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        name, identifier = channel.key, headers["webhook-id"]
        same = self.ids.setdefault(identifier, (name, body)) == (name, body)
        self.sent.append((self._clock.now(), name, identifier))
        self.under_way[name] += 1
        if not same or self.under_way["ordered"] > 1 or self.under_way[name] > 5:
            self.wrong.append(f"{identifier} to {name}: {self.under_way}")  # what is raised here is an answer too
        if self.under_way.total() > CONCURRENCY:
            self.wrong.append(f"too many: {self.under_way}")
        try:
            if self.answer == "hang":
                await self._opened.wait()
        finally:
            self.under_way[name] -= 1
        answer = self.answer
        if self.closed or isinstance(answer, str):
            if answer == "abort" and not self.closed:
                return Answer(status=400, wish="abort")
            raise SendError("connection" if self.closed or answer not in {"timeout", "connect"} else answer)
        return Answer(status=answer, retry_after="2" if answer == 503 else None)

    async def forget(self, key: str) -> None:
        """Nothing is kept."""

    async def aclose(self) -> None:
        self.closed = True
        self.open()


def config() -> Config:
    base = replace(
        endpoint(),
        schedule=tuple(Duration(wait) for wait in (0, 100, 1_000, 5_000)),
        breaker=EndpointBreaker(failures=6, cooldown=Duration(500), longest=Duration(4_000)),
        concurrency=5,
        disable_after=Duration(0),
    )
    endpoints: dict[str, EndpointSettings] = {
        "plain": base,
        "limited": replace(base, rate=Rate(5, 1_000)),
        "ordered": replace(base, order=OrderSettings()),
        "passing": replace(base, order=OrderSettings(head="pass", attempts=2)),
    }
    return Config(endpoints=endpoints, outbound=OutboundSettings(concurrency=CONCURRENCY, concurrency_per_endpoint=5))


class World:
    """A house that may be restarted, and what it has done."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.receivers = Receivers(self.clock)
        self.house = House(config(), sender=self.receivers, clock=self.clock)
        self.lives: list[list[tuple[int, str, str]]] = [self.receivers.sent]
        """What was sent, from start to restart."""

    async def restart(self, *, kind: bool) -> None:
        """Drain and start again, or with `kind` give up waiting for receivers at once."""
        before = self.house
        before.writer.full = False
        if kind:
            self.receivers.open()
        drain = asyncio.ensure_future(before.outbound.drain())
        for _ in range(20):
            await before.pass_time(1_000)
        assert drain.done()
        await drain
        # One whose lease ended while the store was full is not this process's any more to give back: the next takes it.
        sending = [found for found in await before.deliveries() if found.status == "sending"]
        leases = [found.lease_expires_at for found in sending]
        assert all(lease is not None and lease <= self.clock.now() for lease in leases), leases
        ids, answer = self.receivers.ids, self.receivers.answer
        self.receivers = Receivers(self.clock)
        self.receivers.ids, self.receivers.answer = ids, answer
        self.lives.append(self.receivers.sent)
        self.house = House(config(), sender=self.receivers, clock=self.clock, store=before.store)
        self.house.jobs = before.jobs
        await self.house.outbound.start()

    async def step(self, what: str, value: int | str) -> None:
        if what == "jobs":
            for _ in range(int(value)):
                self.house.end_job()
        elif what == "answer":
            self.receivers.answer = value
        elif what == "open":
            self.receivers.open()
        elif what == "crowd":
            await self.crowd(int(value))
        elif what == "forget":
            courier = self.house.outbound._courier  # pyright: ignore[reportPrivateUsage]  # as a change to it would
            courier.forget(str(value))
        elif what == "full":
            self.house.writer.full = bool(value)
        elif what == "restart":
            await self.restart(kind=bool(value))
        await self.house.pass_time(int(value) if what == "time" else 0)
        assert self.receivers.wrong == []

    async def crowd(self, count: int) -> None:
        """Receivers that have answered so often that they are trusted with all they may have hang, with more due.

        Only then as many requests are under way as ever are: one that has not answered yet is sent a few at most.
        """
        for answer in (200, "hang"):
            self.receivers.answer = answer
            self.receivers.open()
            for _ in range(count):
                self.house.end_job()
            await self.house.pass_time(0)

    async def settle(self) -> None:
        """From now on all is well: let everything end."""
        self.house.writer.full = False
        self.receivers.answer = 200
        for _ in range(2_000):
            self.receivers.open()
            await self.house.pass_time(500)
            found = await self.house.statuses()
            if not found["pending"] + found["sending"] + found["held"]:
                return
            await self.house.pass_time(2_000)


async def live(steps: list[tuple[str, int | str]]) -> None:
    world = World()
    await world.house.outbound.start()
    for what, value in steps:
        await world.step(what, value)
    await world.settle()
    assert world.receivers.wrong == []
    await idle()
    statuses = await world.house.statuses()
    assert set(statuses) <= {"delivered", "failed"}, statuses
    drain = asyncio.ensure_future(world.house.outbound.drain())
    await world.house.pass_time(1_000)
    await drain
    deliveries = {delivery.id: delivery for delivery in await world.house.deliveries()}
    assert set(world.receivers.ids) <= set(deliveries)
    for delivery in deliveries.values():
        attempts = await world.house.store.delivery_attempts(delivery.id)
        assert [attempt.number for attempt in attempts] == sorted({attempt.number for attempt in attempts})
        assert (delivery.status == "delivered") == (attempts[-1].error is None)
    in_order = [identifier for sent in world.lives for _, name, identifier in sent if name == "ordered"]
    assert in_order == sorted(in_order), "each as often as it takes, and then the next"
    for sent in world.lives:
        limited = [at for at, name, _ in sent if name == "limited"]
        assert all(later - at >= 1_000 for at, later in zip(limited, limited[10:], strict=False)), "5/1s, and its burst"


@pytest.mark.timeout(600)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
@example([("answer", "hang"), ("jobs", 30), ("time", 1_000), ("open", 0), ("restart", True)])
@example([("crowd", 30), ("time", 1_000), ("open", 0)])
@example(
    [
        *[("jobs", count) for count in (6, 1, 1, 1, 1, 1, 12, 1)],
        *[("full", True), ("jobs", 1), ("time", 70_000), ("jobs", 1), ("restart", False)],
    ]
)
def test_whatever_receivers_do_orders_rates_and_bounds_hold_and_everything_ends(
    steps: list[tuple[str, int | str]],
) -> None:
    asyncio.run(live(steps))
