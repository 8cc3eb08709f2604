import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager

import pytest
from tests.unit.dispatch.lab import RecordingOutbox

from hookyard.dispatch.house_events import HouseEvents
from hookyard.errors import StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Delivery, Event
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import EventQuery
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


class Listening(RecordingOutbox):
    """An outbox with one endpoint that listens to these."""

    def __init__(self, ids: IdSource, *wanted: str) -> None:
        super().__init__(ids)
        self._wanted = frozenset(wanted)
        self._make = ids

    @property
    def listeners(self) -> frozenset[str]:
        return self._wanted

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        event, _ = super().announce(kind, data, now, tenant=tenant)
        if kind not in self._wanted:
            return event, ()
        made = Delivery(
            id=self._make(), job_id=None, event=kind, endpoint="e", url=None, body=b"{}", created_at=now, next_at=now
        )
        return event, (made,)


class Lab:
    def __init__(self, wanted: Collection[str]) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.writer = Coalescer(self.store, queue=100, batch=10)
        self.outbox = Listening(IdSource(self.clock), *wanted)
        self.published: list[str] = []
        self.house = HouseEvents(self.writer, self.outbox, self.clock, lambda event: self.published.append(event.type))

    async def kept(self) -> list[str]:
        return [event.type for event in await self.store.events(EventQuery())]

    def sent(self) -> list[str]:
        return [delivery.event for delivery in self.outbox.written]


@asynccontextmanager
async def lab(*wanted: str) -> AsyncGenerator[Lab]:
    made = Lab(wanted)
    await made.writer.start()
    try:
        yield made
    finally:
        await made.writer.aclose()


def test_an_event_is_kept_sent_and_published() -> None:
    async def story() -> None:
        async with lab("breaker.opened") as it:
            it.house.soon("breaker.opened", {"command": "a/b"}, "acme")
            await it.house.idle()
            (event,) = await it.store.events(EventQuery())
            assert (event.type, event.tenant, event.payload) == ("breaker.opened", "acme", b'{"command":"a/b"}')
            assert (it.sent(), it.published) == (["breaker.opened"], ["breaker.opened"])

    asyncio.run(story())


def test_a_quiet_event_that_nobody_names_is_not_even_planned() -> None:
    async def story() -> None:
        async with lab("breaker.opened") as it:
            it.house.soon("schedule.fired", {"schedule": "a"})
            await it.house.idle()
            assert (it.outbox.announced, await it.kept(), it.published) == ([], [], [])

    asyncio.run(story())


def test_a_quiet_event_is_sent_to_those_who_name_it_and_neither_kept_nor_published() -> None:
    async def story() -> None:
        async with lab("schedule.fired") as it:
            it.house.soon("schedule.fired", {"schedule": "a"})
            await it.house.idle()
            assert (it.sent(), await it.kept(), it.published) == (["schedule.fired"], [], [])

    asyncio.run(story())


def test_an_event_that_cannot_be_written_gives_its_places_back() -> None:
    async def story() -> None:
        async with lab("breaker.opened") as it:
            await it.writer.aclose()
            with pytest.raises(StoreUnavailable):
                await it.house.announce("breaker.opened", {})
            assert [delivery.event for delivery in it.outbox.lost] == ["breaker.opened"]
            assert (it.sent(), it.published) == ([], [])

    asyncio.run(story())


def test_an_event_that_another_transaction_wrote_is_sent_and_published() -> None:
    async def story() -> None:
        async with lab("endpoint.updated") as it:
            event, deliveries = it.outbox.announce("endpoint.updated", {"endpoint": "b"}, it.clock.now())
            it.house.stored(event, deliveries)
            assert (it.sent(), it.published) == (["endpoint.updated"], ["endpoint.updated"])

    asyncio.run(story())
