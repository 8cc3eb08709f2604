"""The loop that acts on fire times when they come."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.config.model import ScheduleSettings
from hookyard.dispatch.schedules.arming import after_itself, after_of, fire_time, look_back, waits_for
from hookyard.dispatch.schedules.book import Book
from hookyard.dispatch.schedules.entry import Entry
from hookyard.dispatch.schedules.fire import CancelJob, Capped, Done, Firing
from hookyard.dispatch.schedules.manage import Manager
from hookyard.dispatch.schedules.say import Announce, quiet
from hookyard.dispatch.schedules.sync import sync
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.host.registry import Registry
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import PauseSchedule, Store
from hookyard.timetable import plan

_log = log.get("schedules")
POLL: Final = 15_000
"""Milliseconds after which the clock is looked at again, whatever it said before: it may have jumped."""
_AFTER_REFUSAL: Final = 500
_LOOK_BACK: Final = 60_000
_AT_ONCE: Final = 64
_STEPS: Final = 50
"""How many fire times of one schedule are acted on before it is the others' turn."""


class Scheduler:
    """Knows all schedules and acts on them. Made and used on one event loop.

    Args:
        expect: told of every job that is stored: its lane, and when it is due.
        cancel: cancels a job whose place another one takes.
        cap: how many jobs of a lane may be queued; without it any number.
        announce: publishes what is worth an event.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        registry: Registry,
        clock: Clock,
        ids: IdSource,
        expect: Callable[[str, int], None],
        cancel: CancelJob,
        cap: Capped = lambda _: None,
        announce: Announce = quiet,
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._expect = expect
        self._announce = announce
        self._book = Book()
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        """Held by whoever changes schedules otherwise than by a fire time, which is fenced by itself."""
        self._ended: deque[Job] = deque()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._looked_back = clock.now()
        self._firing = Firing(
            store=store, writer=writer, registry=registry, clock=clock, ids=ids, cancel=cancel, cap=cap
        )
        self.manage = Manager(
            book=self._book,
            firing=self._firing,
            writer=writer,
            clock=clock,
            lock=self._lock,
            wake=self._wake.set,
            expect=expect,
            announce=announce,
        )
        """Changes schedules and runs them now, for those who ask."""

    async def start(self, schedules: Mapping[str, ScheduleSettings]) -> None:
        """Take up the schedules of the configuration and of the store, and begin.

        Raises:
            StoreUnavailable: the store cannot be read or written.
        """
        await self._sync(schedules)
        now = self._clock.now()
        for entry in self._book:
            after = after_of(entry)
            if after is not None and after.server is not None:
                await self._arm(entry, fire_time(entry, now))
        await self._catch_ends()
        self._task = asyncio.create_task(self._run(), name="hookyard-scheduler")

    async def stop(self) -> None:
        """Act on nothing more; what is being acted on is finished."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def use(self, registry: Registry, schedules: Mapping[str, ScheduleSettings]) -> None:
        """Go on with these commands and with these schedules of the configuration.

        Raises:
            StoreUnavailable: the store cannot take them now; the commands are in use, the schedules are not.
        """
        self._firing.registry = registry
        await self._sync(schedules)
        await self._catch_ends()

    def ended(self, job: Job) -> None:
        """Hear of the end of a job: another schedule may come after it."""
        if any(waits_for(entry, job) for entry in self._followers()):
            self._ended.append(job)
            self._wake.set()

    def _followers(self) -> list[Entry]:
        return self._book.followers

    async def _sync(self, schedules: Mapping[str, ScheduleSettings]) -> None:
        async with self._lock:
            rows = await self._store.schedules()
            self._book.load(await sync(schedules, rows, self._writer, self._clock.now()))
            self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._hear()
                if await self._act_on_all():
                    continue
                now = self._clock.now()
                if now - self._looked_back >= _LOOK_BACK or now < self._looked_back:
                    await self._catch_ends()
            except (StoreUnavailable, StoreError) as error:
                _log.warning("schedules.refused", why=str(error))
            now = self._clock.now()
            first = self._book.next_due()
            await self._clock.wait(self._wake, now + POLL if first is None else min(first, now + POLL))

    async def _act_on_all(self) -> bool:
        """Act on what is due; False when nothing is."""
        now = self._clock.now()
        async with self._lock:
            due = self._book.pop_due(now)
            for begin in range(0, len(due), _AT_ONCE):
                await asyncio.gather(*(self._act(entry, now) for entry in due[begin : begin + _AT_ONCE]))
        for entry in due:
            if after_of(entry) is not None and entry.row.last_outcome != "queued":
                await self._arm(entry, after_itself(entry, self._clock.now()))
        return bool(due)

    async def _hear(self) -> None:
        while self._ended:
            job = self._ended.popleft()
            for entry in self._followers():
                if waits_for(entry, job) and job.completed_at is not None:
                    await self._arm(entry, fire_time(entry, job.completed_at))

    async def _catch_ends(self) -> None:
        self._looked_back = self._clock.now()
        for entry in self._followers():
            await self._arm(entry, await look_back(entry, self._store, self._clock.now()))

    async def _arm(self, entry: Entry, fire_at: int | None) -> None:
        """Give a schedule that comes after something else its fire time."""
        if fire_at is None:
            return
        async with self._lock:
            name = entry.row.name
            current = self._book.get(name)
            if current is None or not current.live or (current.row.next_at is not None and not _at_start(current)):
                return  # it was changed meanwhile
            op = PauseSchedule(now=self._clock.now(), name=name, paused=False, next_at=fire_at)
            await self._writer.submit(op)
            self._book.put(Entry.of(replace(current.row, next_at=fire_at)))
            self._wake.set()

    async def _act(self, entry: Entry, now: int) -> None:
        """Do what is to be done about a schedule whose time has come."""
        settings, row = entry.settings, entry.row
        if settings is None or row.next_at is None:
            return
        back: int | None = None
        try:
            steps = plan(entry.rule, row.name, row.next_at, now, catch_up=settings.catch_up, most=settings.catch_up_max)
            for step in steps[:_STEPS]:
                done = await self._firing.act(entry, step)
                if done is None:
                    await self._read_again(row.name)
                    return
                entry.row = done.row
                await self._took(done)
        except (StoreUnavailable, StoreError) as error:
            _log.warning("schedule.put_off", schedule=row.name, why=str(error))
            back = now + _AFTER_REFUSAL
        except Exception:  # noqa: BLE001
            # One schedule must not keep the others from firing, whatever is wrong with it.
            _log.exception("schedule.stuck", schedule=row.name)
            back = now + POLL
        self._book.put(entry, due=back)

    async def _took(self, done: Done) -> None:
        """Say what became of a fire time."""
        row = done.row
        told = {"schedule": row.name, "fire_at": _text(row.last_at), "next_at": _text(row.next_at)}
        if done.job is not None:
            job = done.job.job
            self._expect(job.lane, job.run_at)
            log.change("schedule.fired", "info", job_id=job.id, request_id=job.request_id, **told)
            return
        _log.warning(f"schedule.{done.outcome}", why=done.why, **told)
        await self._announce(f"schedule.{done.outcome}", {**told, "reason": done.why})

    async def _read_again(self, name: str) -> None:
        """Take a schedule from the store that is not what it was thought to be."""
        row = next((row for row in await self._store.schedules() if row.name == name), None)
        if row is None:
            self._book.remove(name)
        else:
            self._book.put(Entry.of(row))


def _text(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _at_start(entry: Entry) -> bool:
    after = after_of(entry)
    return after is not None and after.server is not None
