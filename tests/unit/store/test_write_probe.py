"""Whether the store takes writes: told by what it refused, tried again when it is asked, and never otherwise."""

import asyncio
from collections.abc import Awaitable

import pytest

from hookyard.errors import StoreUnavailable
from hookyard.store.contract import Op, Result
from hookyard.store.memory import MemoryStore
from hookyard.store.write_probe import WriteProbe
from hookyard.testing import FakeClock

FULL = StoreUnavailable("The store cannot take this now: there is no room for it on its disk.", retry_after=7)


class Disk:
    """A store that is full, or not, behind what remembers a refusal."""

    def __init__(self) -> None:
        self.full = False
        self.refusal: StoreUnavailable | None = None
        self.writes: list[Op] = []
        self.store = MemoryStore()

    def refusal_over(self, before: StoreUnavailable, /) -> bool:
        if self.refusal is before:
            self.refusal = None
        return self.refusal is None

    def submit(self, op: Op, /) -> Awaitable[Result]:
        async def done() -> Result:
            self.writes.append(op)
            if self.full:
                self.refusal = FULL
                raise FULL
            return self.store.apply([op])[0]

        return done()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def probe(disk: Disk, clock: FakeClock) -> WriteProbe:
    return WriteProbe(disk, clock)


def ask(probe: WriteProbe) -> str | None:
    try:
        asyncio.run(probe.check())
    except StoreUnavailable as error:
        return error.detail
    return None


def test_a_store_that_refused_nothing_is_never_written_to(disk: Disk, probe: WriteProbe) -> None:
    disk.full = True
    assert ask(probe) is None
    assert disk.writes == []


def test_a_refusal_is_told_with_its_reason_and_tried_once_a_second_however_often_it_is_asked(
    disk: Disk, probe: WriteProbe, clock: FakeClock
) -> None:
    disk.full, disk.refusal = True, FULL
    assert [ask(probe) for _ in range(5)] == [FULL.detail] * 5
    assert len(disk.writes) == 1
    clock.advance(1_000)
    assert ask(probe) == FULL.detail
    assert len(disk.writes) == 2


def test_once_there_is_room_the_next_try_says_so_and_leaves_nothing_behind(
    disk: Disk, probe: WriteProbe, clock: FakeClock
) -> None:
    disk.full, disk.refusal = True, FULL
    assert ask(probe) == FULL.detail
    disk.full = False
    clock.advance(1_000)
    assert ask(probe) is None
    assert asyncio.run(disk.store.states("")) == ()


def test_a_clock_that_was_set_back_does_not_keep_it_from_trying(
    disk: Disk, probe: WriteProbe, clock: FakeClock
) -> None:
    disk.full, disk.refusal = True, FULL
    ask(probe)
    clock.advance(-86_400_000)
    disk.full = False
    assert ask(probe) is None


def test_a_refusal_during_a_try_that_succeeds_is_not_forgotten(
    disk: Disk, probe: WriteProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.refusal, write = FULL, disk.submit
    later = StoreUnavailable("The store cannot take this now: its file is read-only.")

    async def while_it_fills(op: Op) -> Result:
        result = await write(op)
        disk.refusal = later
        return result

    monkeypatch.setattr(disk, "submit", while_it_fills)
    assert ask(probe) == later.detail
