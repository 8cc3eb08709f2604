"""Changing schedules while the server runs, and running them now."""

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hookyard.clock import Clock, rfc3339
from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.rule import rule_of
from hookyard.config.schedules.spec import encode_spec
from hookyard.dispatch.schedules.book import Book
from hookyard.dispatch.schedules.entry import Entry, first_fire
from hookyard.dispatch.schedules.fire import Firing
from hookyard.dispatch.schedules.payload import check_payload
from hookyard.dispatch.schedules.telling import Prepared, Tells
from hookyard.errors import Refused
from hookyard.model import AuditEntry, Schedule
from hookyard.store.audited import audited
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    DeleteSchedule,
    Enqueued,
    LaneFull,
    NotFound,
    Op,
    PauseSchedule,
    PutSchedule,
)
from hookyard.timetable import RuleError

MOST: Final = 10_000
"""How many schedules there may be."""


class Ran(Struct, frozen=True):
    """What became of running a schedule now."""

    job_id: str
    duplicate: bool
    """Whether an earlier job of it stands for it, since that is still active."""


class OutOfDate(Exception):  # noqa: N818  it is no fault: whoever made the change makes it anew
    """A schedule is not any more what a change of it was made from."""


class Manager:
    """Changes schedules; every change is written with its entry of the audit log, in one transaction.

    Args:
        lock: held while a schedule is changed or acted on.
        wake: called when one is due at another time than before.
    """

    def __init__(
        self,
        *,
        book: Book,
        firing: Firing,
        writer: Coalescer,
        clock: Clock,
        lock: asyncio.Lock,
        wake: Callable[[], None],
        expect: Callable[[str, int], None],
        tells: Tells,
    ) -> None:
        self._book = book
        self._firing = firing
        self._writer = writer
        self._clock = clock
        self._lock = lock
        self._wake = wake
        self._expect = expect
        self._tells = tells

    def entries(self, tenant: str = "") -> list[Entry]:
        """The schedules that a tenant sees, by name; all of them without one."""
        found = (entry for entry in self._book if not tenant or entry.row.tenant == tenant)
        return sorted(found, key=lambda entry: entry.row.name)

    def find(self, name: str, tenant: str = "") -> Entry:
        """One schedule.

        Raises:
            Refused: there is none of this name, or it is another tenant's.
        """
        entry = self._book.get(name)
        if entry is None or (tenant and entry.row.tenant != tenant):
            raise Refused("not_found", "There is no such schedule.")
        return entry

    def missing(self, entry: Entry) -> str | None:
        """Why a schedule cannot make jobs now, or None."""
        if entry.settings is None:
            return entry.problem
        if entry.settings.run not in self._firing.registry.commands:
            return f"There is no command {entry.settings.run!r}."
        return None

    def check(self, name: str, settings: ScheduleSettings, tenant: str) -> None:
        """Hold a schedule against the commands that are there, and against the other schedules.

        Raises:
            RuleError: something is wrong with it.
        """
        rule_of(settings)
        commands = self._firing.registry.commands
        command = commands.get(settings.run)
        if command is None:
            raise RuleError("run", f"there is no command {settings.run!r}")
        check_payload(settings, name, command)
        after = settings.after
        if after is not None and after.command is not None and after.command not in commands:
            raise RuleError("after.command", f"there is no command {after.command!r}")
        if after is not None and after.schedule not in {None, name}:
            other = self._book.get(after.schedule or "")
            if other is None or (tenant and other.row.tenant != tenant):
                raise RuleError("after.schedule", f"there is no schedule {after.schedule!r}")

    async def put(
        self,
        name: str,
        settings: ScheduleSettings,
        *,
        principal: str,
        tenant: str,
        audit: AuditEntry,
        instead_of: Entry | None = None,
    ) -> tuple[Entry, bool]:
        """Keep a schedule, new or instead of the one of that name; True when it is new. It is checked already.

        Args:
            name: which.
            settings: what it becomes.
            principal: who made it, if it is new.
            tenant: that of the caller.
            audit: who does it.
            instead_of: what it was changed from; None if it takes the place of whatever is there.

        Raises:
            Refused: the configuration has one of that name, or another tenant; or the one that was changed is gone.
            OutOfDate: the one that was changed has been changed by somebody else.
            StoreUnavailable: the store cannot take it now.
        """
        async with self._lock:
            if instead_of is not None and self.find(name, tenant).row.spec != instead_of.row.spec:
                raise OutOfDate
            known = self._book.get(name)
            if known is not None and tenant and known.row.tenant != tenant:
                raise Refused("exists", "There is a schedule of this name already.")
            if known is not None:
                _require_http(known.row)
            elif len(self._book) >= MOST:
                raise Refused("busy", f"There are {MOST} schedules, which is as many as there may be.")
            now = self._clock.now()
            # In a thread: what comes every 28 years is looked for longer than the event loop may wait.
            rule = await asyncio.to_thread(rule_of, settings)
            last_at = None if known is None else known.row.last_at
            next_at = await asyncio.to_thread(first_fire, settings, rule, name, now, last_at)
            spec = encode_spec(settings)
            if known is None:
                row = Schedule(name=name, tenant=tenant, origin="http", spec=spec, created_at=now, created_by=principal)
            else:
                row = replace(known.row, spec=spec)
            row = replace(row, next_at=None if row.paused else next_at)
            await self._write(PutSchedule(now=now, schedule=row), audit)
            return self._keep(Entry(row, settings, rule)), known is None

    async def delete(self, name: str, *, tenant: str, audit: AuditEntry) -> None:
        """Forget a schedule; the jobs it made stay.

        Raises:
            Refused: there is none, or it is one of the configuration.
            StoreUnavailable: the store cannot do it now.
        """
        async with self._lock:
            _require_http(self.find(name, tenant).row)
            await self._write(DeleteSchedule(now=self._clock.now(), name=name), audit)
            self._book.remove(name)

    async def pause(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let a schedule fire no more until it is resumed. Fire times that pass meanwhile are not caught up with.

        Raises:
            Refused: there is none.
            StoreUnavailable: the store cannot do it now.
        """
        return await self._set(name, tenant, audit, paused=True)

    async def resume(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let a schedule fire again, from its next fire time after now on; raises as :meth:`pause` does."""
        return await self._set(name, tenant, audit, paused=False)

    async def run(self, name: str, *, tenant: str, request_id: str, audit: AuditEntry) -> Ran:
        """Make a job of a schedule now, whether or not it is paused; its fire times stay as they are.

        Raises:
            Refused: there is none, or its job is refused.
            StoreUnavailable: the store cannot take it now.
        """
        entry = self.find(name, tenant)
        now = self._clock.now()
        new = self._firing.job_of(entry, now, f"fire:{rfc3339(now)}", "run-now", request_id=request_id)
        result = await self._firing.take_place(entry, new, lambda job: job, audit=audit)
        if isinstance(result, LaneFull):
            raise Refused("lane_full", retry_after=1)
        if not isinstance(result, Enqueued):
            raise Refused("internal", "The job was not stored.")
        if not result.duplicate:
            self._expect(new.job.lane, new.job.run_at)
        return Ran(result.job_id, result.duplicate)

    async def _set(self, name: str, tenant: str, audit: AuditEntry, *, paused: bool) -> Entry:
        async with self._lock:
            entry = self.find(name, tenant)
            row, now = entry.row, self._clock.now()
            if row.paused == paused:
                return entry
            next_at = None
            if not paused and entry.settings is not None:
                next_at = await asyncio.to_thread(first_fire, entry.settings, entry.rule, name, now, row.last_at)
            told = {"schedule": name, "next_fire_time": None if next_at is None else rfc3339(next_at)}
            kind = "schedule.paused" if paused else "schedule.resumed"
            prepared = self._tells.prepare(kind, {**told, "by": audit.principal}, row.tenant)
            op = PauseSchedule(now=now, name=name, paused=paused, next_at=next_at)
            await self._write_telling(op, prepared, audit)
            row = replace(row, paused=paused, next_at=next_at)
            return self._keep(Entry(row, entry.settings, entry.rule, entry.problem))

    def _keep(self, entry: Entry) -> Entry:
        self._book.put(entry)
        self._wake()
        return entry

    async def _write_telling(self, op: PauseSchedule, prepared: Prepared | None, audit: AuditEntry) -> None:
        """Write a change, and what tells of it where somebody hears it, in one transaction."""
        if prepared is None:
            await self._write(op, audit)
            return
        try:
            await self._write(replace(op, events=prepared.events, deliveries=prepared.deliveries), audit)
        except BaseException:
            prepared.dropped()
            raise
        prepared.committed()

    async def _write(self, op: Op, audit: AuditEntry) -> None:
        if isinstance(await audited(self._writer.submit, audit, op), NotFound):
            self._book.remove(audit.target)
            raise Refused("not_found", "There is no such schedule.")


def _require_http(row: Schedule) -> None:
    if row.origin == "config":
        raise Refused("exists", "The configuration has this schedule: change it there. It can be paused and run.")
