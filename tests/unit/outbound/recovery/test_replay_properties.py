"""Whatever is lost by disabling comes back by a replay, each exactly once, wherever that is broken off and repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.outbound.recovery.lab import HOUR, KINDS, Kind, Lab, lab, run

from hookyard.outbound.recovery import Stretch, replay
from hookyard.store.contract import EventQuery, JobQuery, Op, Result

STEPS = ("job", "emit", "house", "off", "on", "hour")
steps = st.lists(st.sampled_from(STEPS), max_size=25)


class Killed(BaseException):
    """The process is gone."""


class Cuts:
    """Lets some writes through, and then the process dies: before the next one is applied, or right after it.

    Args:
        write: applies operations.
        cuts: after how many writes, and whether the last of them is applied; one after the other.
    """

    def __init__(self, write: Callable[[Op], Awaitable[Result]], cuts: Sequence[tuple[int, bool]]) -> None:
        self._write = write
        self._cuts = list(cuts)
        self._left = self._cuts[0][0] if self._cuts else None

    async def __call__(self, op: Op) -> Result:
        if self._left is None or self._left > 0:
            self._left = None if self._left is None else self._left - 1
            return await self._write(op)
        _, applied = self._cuts.pop(0)
        self._left = self._cuts[0][0] if self._cuts else None
        if applied:
            await self._write(op)
        raise Killed


async def happen(it: Lab, drawn: Sequence[str]) -> None:
    off = False
    for step in drawn:
        match step:
            case "job":
                await it.job()
            case "emit":
                await it.job("order.placed", "order.paid")
            case "house":
                await it.house("breaker.closed", {"command": "a/b", "state": "closed", "failures": 0})
            case "hour":
                it.clock.advance(HOUR)
            case _:
                await (it.disable() if step == "off" else it.enable())
                off = step == "off"
    if off:
        await it.enable()


async def everything(it: Lab) -> list[tuple[str, str | None]]:
    """All that an endpoint that hears all but about endpoints would be told."""
    jobs = (await it.store.jobs(JobQuery(limit=1000))).jobs
    events = await it.store.events(EventQuery(limit=1000))
    told: list[tuple[str, str | None]] = [(f"job.{job.status}", job.id) for job in jobs]
    return told + [(event.type, event.id) for event in events if not event.type.startswith("endpoint.")]


async def killed_replay(it: Lab, limit: int, cuts: Sequence[tuple[int, bool]]) -> None:
    """Replay; whenever it dies go on after the last cursor that was answered, or from the beginning."""
    recovery = it.recovering(Cuts(it.writer.submit, cuts))
    after: str | None = None
    while True:
        try:
            done = await recovery.replay("a", Stretch(since=it.began, after=after, limit=limit), audit=it.audit())
        except Killed:
            after = None if limit % 2 else after
            continue
        if done.next is None:
            return
        after = done.next


async def story(kind: Kind, drawn: Sequence[str], limit: int, page: int, cuts: Sequence[tuple[int, bool]]) -> None:
    async with lab(kind) as it:
        await it.endpoint(events=("job.*", "order.*", "breaker.*"))
        await happen(it, drawn)
        with mock.patch.object(replay, "PAGE", page):
            await asyncio.gather(killed_replay(it, limit, cuts), killed_replay(it, limit, ()))
        told = await it.told()
        assert len(told) == len(set(told))
        assert sorted(told, key=str) == sorted(await everything(it), key=str)


cuts = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=4)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(1, 12), st.integers(1, 5), cuts)
def test_each_thing_that_was_missed_comes_exactly_once(
    drawn: list[str], limit: int, page: int, cuts: list[tuple[int, bool]]
) -> None:
    run(story("memory", drawn, limit, page, cuts))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.integers(1, 12), st.integers(1, 5), cuts)
def test_each_thing_that_was_missed_comes_exactly_once_on_disk(
    drawn: list[str], limit: int, page: int, cuts: list[tuple[int, bool]]
) -> None:
    run(story("sqlite", drawn, limit, page, cuts))


@pytest.mark.parametrize("kind", KINDS)
def test_a_replay_that_dies_after_every_write_still_ends(kind: Kind) -> None:
    drawn = ["off", "emit", "job", "emit", "job", "house", "emit"]
    run(story(kind, drawn, 2, 2, [(0, True), (0, True), (0, False), (0, True), (1, True)]))
