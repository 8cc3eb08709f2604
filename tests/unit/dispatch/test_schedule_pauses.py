"""Pauses of schedules, and what tells of them: one transaction."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.dispatch.clockwork import Clockwork, clockwork, rule

from hookyard.errors import Refused, StoreUnavailable
from hookyard.model import Delivery
from hookyard.store.contract import AppendEvents, AuditQuery, DeleteSchedule, Op, Result
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

MIDNIGHT = 1_777_593_600_000
"""The first of May 2026, UTC."""


class Watched(MemoryStore):
    """Knows the batches that it was given, and takes nothing while it is told to."""

    refuses = False

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[Op, ...]] = []

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        self.batches.append(tuple(ops))
        if self.refuses:
            raise StoreUnavailable("The disk is full.")
        return super().apply(ops)


async def kept(lab: Clockwork) -> list[Delivery]:
    """What of all that was prepared is on disk."""
    found = [await lab.store.delivery(each.id) for note in lab.notes for each in note.deliveries]
    return [each for each in found if each is not None]


async def pause(lab: Clockwork) -> None:
    await lab.manage.pause("a", tenant="", audit=lab.audit("schedule.pause"))


async def resume(lab: Clockwork) -> None:
    await lab.manage.resume("a", tenant="", audit=lab.audit("schedule.resume"))


def test_a_pause_and_what_tells_of_it_are_one_write_and_told_once() -> None:
    async def run() -> None:
        store = Watched()
        async with clockwork(store, FakeClock(MIDNIGHT), a=rule(every="1h")) as lab:
            store.batches.clear()
            await pause(lab)
            await resume(lab)
            assert len(store.batches) == 2, "one for each: no event has a write of its own"
            assert not [op for batch in store.batches for op in batch if isinstance(op, AppendEvents)]
            assert [each.event for each in await kept(lab)] == ["schedule.paused", "schedule.resumed"]
            assert [note.ends for note in lab.notes] == [[True], [True]]
            assert lab.events == [
                ("schedule.paused", {"schedule": "a", "next_fire_time": None, "by": "token:me"}),
                (
                    "schedule.resumed",
                    {"schedule": "a", "next_fire_time": "2026-05-01T01:00:00.000Z", "by": "token:me"},
                ),
            ]

    asyncio.run(run())


def test_what_the_store_does_not_take_is_neither_changed_nor_told() -> None:
    async def run() -> None:
        store = Watched()
        async with clockwork(store, FakeClock(MIDNIGHT), a=rule(every="1h")) as lab:
            store.refuses = True
            with pytest.raises(StoreUnavailable):
                await pause(lab)
            store.refuses = False
            assert (lab.entry().row.paused, [row.paused for row in await store.schedules()]) == (False, [False])
            assert ([note.ends for note in lab.notes], await kept(lab), lab.events) == ([[False]], [], [])
            await pause(lab)
            assert [kind for kind, _ in lab.events] == ["schedule.paused"]

    asyncio.run(run())


def test_of_a_schedule_that_is_gone_nothing_is_told() -> None:
    async def run() -> None:
        store = MemoryStore()
        async with clockwork(store, FakeClock(MIDNIGHT), a=rule(every="1h")) as lab:
            await lab.writer.submit(DeleteSchedule(now=lab.clock.now(), name="a"))
            with pytest.raises(Refused, match="no such schedule") as refused:
                await pause(lab)
            assert refused.value.code == "not_found"
            assert ([note.ends for note in lab.notes], await kept(lab), lab.events) == ([[False]], [], [])
            assert (await store.audit(AuditQuery())).entries == (), "nor noted, since nothing was changed"
            assert lab.manage.entries() == []

    asyncio.run(run())


def test_what_is_so_already_is_neither_written_nor_told() -> None:
    async def run() -> None:
        async with clockwork(MemoryStore(), FakeClock(MIDNIGHT), a=rule(every="1h")) as lab:
            await resume(lab)
            await pause(lab)
            await pause(lab)
            assert [kind for kind, _ in lab.events] == ["schedule.paused"]

    asyncio.run(run())
