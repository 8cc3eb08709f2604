"""Schedules that come after others: no end is lost when the clock goes back, and no circle spins."""

import asyncio
from datetime import datetime

import pytest
from tests.unit.dispatch.clockwork import Clockwork, clockwork, rule

from hookyard.config.model import ScheduleSettings
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

MINUTE, HOUR = 60_000, 3_600_000
FOLLOWS = rule(after={"schedule": "a"})


def noon() -> FakeClock:
    return FakeClock(int(datetime.fromisoformat("2026-05-01T12:00+00:00").timestamp() * 1000))


async def fired(lab: Clockwork, name: str) -> int:
    return sum(job.principal == f"schedule:{name}" for job in await lab.jobs())


async def run_and_end(lab: Clockwork, *, heard: bool = True) -> None:
    """Make a job of `a` now, and run it to its end."""
    await lab.manage.run("a", tenant="", request_id="", audit=lab.audit("schedule.run"))
    tell = lab.scheduler.ended
    if not heard:
        lab.scheduler.ended = lambda job: None  # type: ignore[method-assign]
    await lab.finish()
    lab.scheduler.ended = tell  # type: ignore[method-assign]


def story() -> dict[str, ScheduleSettings]:
    return {"a": rule(cron="0 0 1 1 *"), "b": FOLLOWS}


@pytest.mark.parametrize("restarted", [False, True])
def test_an_end_after_the_clock_went_back_fires_what_comes_after_it(*, restarted: bool) -> None:
    store, clock = MemoryStore(), noon()

    async def run() -> None:
        async with clockwork(store, clock, **story()) as lab:
            await run_and_end(lab)
            assert await fired(lab, "b") == 1
            await lab.finish()  # that of b
            clock.advance(-30 * MINUTE)
            await run_and_end(lab, heard=not restarted)
            if not restarted:
                await lab.move(30 * MINUTE + 1000)
                assert await fired(lab, "b") == 2
        async with clockwork(store, clock, **story()) as lab:
            await lab.move(31 * MINUTE)
            await lab.move(HOUR)
            assert await fired(lab, "b") == 2

    asyncio.run(run())


def test_a_job_that_is_older_than_the_last_fire_time_is_no_old_end_when_the_clock_went_back() -> None:
    async def run() -> None:
        clock = noon()
        async with clockwork(MemoryStore(), clock, **story()) as lab:
            for _ in range(2):
                await lab.manage.run("a", tenant="", request_id="", audit=lab.audit("schedule.run"))
            await lab.finish()
            assert await fired(lab, "b") == 1
            clock.advance(-30 * MINUTE)
            await lab.finish()  # the other one of a, which was made before
            await lab.move(30 * MINUTE + 1000)
            assert await fired(lab, "b") == 2

    asyncio.run(run())


def test_an_end_is_one_fire_time_however_often_it_is_looked_back_at() -> None:
    async def run() -> None:
        async with clockwork(MemoryStore(), noon(), **story()) as lab:
            await run_and_end(lab)
            for _ in range(5):
                await lab.move(2 * MINUTE)
            assert await fired(lab, "b") == 1

    asyncio.run(run())


@pytest.mark.parametrize("names", ["a", "ab"])
def test_a_circle_without_a_delay_fires_once_a_second_and_no_more(names: str) -> None:
    rules = {name: rule(after={"schedule": names[at - 1], "on": "ended"}) for at, name in enumerate(names)}

    async def run() -> None:
        async with clockwork(MemoryStore(), noon(), **rules) as lab:
            if not await lab.jobs():
                await lab.manage.run("a", tenant="", request_id="", audit=lab.audit("schedule.run"))
            for _ in range(100):
                if any(job.status == "queued" for job in await lab.jobs()):
                    await lab.finish()
                await lab.move(100)
            for name in names:
                assert 5 <= await fired(lab, name) <= 12

    asyncio.run(run())
