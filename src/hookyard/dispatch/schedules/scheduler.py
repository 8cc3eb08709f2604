"""The loop that acts on fire times when they come."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import ScheduleSettings
from hookyard.dispatch.schedules.arming import after_itself, after_of, fire_time, is_new, look_back, waits_for
from hookyard.dispatch.schedules.book import Book
from hookyard.dispatch.schedules.entry import Entry
from hookyard.dispatch.schedules.fire import CancelJob, Done, Firing, Supersede
from hookyard.dispatch.schedules.manage import Manager
from hookyard.dispatch.schedules.sync import sync
from hookyard.dispatch.schedules.telling import Quiet, Tells, facts
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
        cancel: cancels a job whose place another one has taken.
        supersede: cancels queued jobs in the transaction that stores another one.
        tells: publishes what is worth an event.
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
        supersede: Supersede,
        tells: Tells | None = None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._expect = expect
        tells = tells or Quiet()
        self._book = Book()
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        """Held by whoever changes schedules otherwise than by a fire time, which is fenced by itself."""
        self._ended: deque[Job] = deque()
        self._wanted: Mapping[str, ScheduleSettings] | None = None
        """The configuration's, while the store does not have them yet."""
        self._stopping = False
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        self._looked_back = clock.now()
        self._missed = False
        """Whether an end may have been heard of that could not be acted on."""
        self._firing = Firing(
            store=store,
            writer=writer,
            registry=registry,
            clock=clock,
            ids=ids,
            cancel=cancel,
            supersede=supersede,
            tells=tells,
        )
        self.manage = Manager(
            book=self._book,
            firing=self._firing,
            writer=writer,
            clock=clock,
            lock=self._lock,
            wake=self._wake.set,
            expect=expect,
            tells=tells,
        )
        """Changes schedules and runs them now, for those who ask."""

    async def start(self, schedules: Mapping[str, ScheduleSettings]) -> None:
        """Take up the schedules of the configuration and of the store, and begin.

        Raises:
            StoreUnavailable: the store cannot be read or written.
        """
        self._wanted = schedules
        await self._sync()
        now = self._clock.now()
        for entry in self._book.followers:
            after = after_of(entry)
            if after is not None and after.server is not None:
                await self._arm(entry, fire_time(entry, now))
        self._task = asyncio.create_task(self._run(), name="hookyard-scheduler")

    async def stop(self) -> None:
        """Act on nothing more; what is being acted on is finished."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def use_commands(self, registry: Registry) -> None:
        """Make jobs of these commands from now on."""
        self._firing.registry = registry

    async def use(self, schedules: Mapping[str, ScheduleSettings]) -> None:
        """Go on with these schedules of the configuration, as soon as the store takes them."""
        self._wanted = schedules
        try:
            await self._sync()
        except (StoreUnavailable, StoreError) as error:
            _log.warning("schedules.refused", why=str(error))
            self._wake.set()  # the loop tries again

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do until time passes or something happens."""
        first = self._book.next_due()
        late = first is not None and first <= self._clock.now()
        return not (late or self._wake.is_set() or self._ended or self._busy)

    def ended(self, job: Job) -> None:
        """Hear of the end of a job: another schedule may come after it."""
        if any(waits_for(entry, job) for entry in self._book.followers):
            self._ended.append(job)
            self._wake.set()

    async def _sync(self) -> None:
        async with self._lock:
            if (wanted := self._wanted) is not None:
                rows = await self._store.schedules()
                self._book.load(await sync(wanted, rows, self._writer, self._clock.now()))
                if self._wanted is wanted:
                    self._wanted = None
        await self._catch_ends(far=True)
        self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._busy = True
            self._wake.clear()
            try:
                if self._wanted is not None:
                    await self._sync()
                await self._hear()
                if await self._act_on_all():
                    continue
                now = self._clock.now()
                if now - self._looked_back >= _LOOK_BACK or now < self._looked_back:
                    await self._catch_ends(far=self._missed)
                    self._missed = False
            except (StoreUnavailable, StoreError) as error:
                self._missed = True
                _log.warning("schedules.refused", why=str(error))
                await self._clock.wait(self._wake, self._clock.now() + _AFTER_REFUSAL)
                continue
            now = self._clock.now()
            first = self._book.next_due()
            self._busy = False
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
            for entry in self._book.followers:
                if waits_for(entry, job) and job.completed_at is not None:
                    # A clock that shows less than the last fire time went back after it: so did this end come.
                    new = is_new(entry, job) or self._clock.now() < (entry.row.last_at or 0)
                    await self._arm(entry, fire_time(entry, job.completed_at, new=new))

    async def _catch_ends(self, *, far: bool) -> None:
        self._looked_back = self._clock.now()
        for entry in self._book.followers:
            after = after_of(entry)
            followed = None if after is None or after.schedule is None else self._book.get(after.schedule)
            await self._arm(entry, await look_back(entry, self._store, self._clock.now(), followed, far=far))

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
                self._took(done)
        except (StoreUnavailable, StoreError) as error:
            _log.warning("schedule.put_off", schedule=row.name, why=str(error))
            back = now + _AFTER_REFUSAL
        except Exception:  # noqa: BLE001
            # One schedule must not keep the others from firing, whatever is wrong with it.
            _log.exception("schedule.stuck", schedule=row.name)
            back = now + POLL
        self._book.put(entry, due=back)

    def _took(self, done: Done) -> None:
        """Log what became of a fire time, as was told in the transaction that acted on it."""
        row = done.row
        told = facts(row.name, row.last_at, row.next_at)
        if done.job is not None:
            job = done.job.job
            self._expect(job.lane, job.run_at)
            log.change("schedule.fired", "info", job_id=done.job_id, request_id=job.request_id, **told)
            return
        _log.warning(f"schedule.{done.outcome}", why=done.why, **told)

    async def _read_again(self, name: str) -> None:
        """Take a schedule from the store that is not what it was thought to be."""
        row = next((row for row in await self._store.schedules() if row.name == name), None)
        if row is None:
            self._book.remove(name)
        else:
            self._book.put(Entry.of(row))


def _at_start(entry: Entry) -> bool:
    after = after_of(entry)
    return after is not None and after.server is not None
