"""Acting on one fire time: its job, if it makes one, and the schedule's next fire time in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.dispatch.new_job import Ask, NewJob, UniqueAsk, make_job
from hookyard.dispatch.schedules.entry import Entry
from hookyard.dispatch.schedules.payload import decode_payload, payload_of
from hookyard.dispatch.schedules.telling import Telling, Tells
from hookyard.errors import Refused, StoreError, StoreUnavailable
from hookyard.host.registry import Registry
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, FireOutcome, JobStatus, Schedule, UniquePolicy
from hookyard.store.audited import audited
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    Enqueue,
    Enqueued,
    Failed,
    Fired,
    JobQuery,
    Occupied,
    Op,
    Otherwise,
    Result,
    Store,
)
from hookyard.timetable import Step

_TRIES: Final = 5
_ACTIVE: Final[tuple[JobStatus, ...]] = ("queued", "running")
_MOST_ACTIVE: Final = 100

_POLICIES: Final[Mapping[str, UniquePolicy]] = {"skip": "skip", "queue": "queue", "cancel": "replace"}

CancelJob = Callable[[str], Awaitable[object]]
"""Cancels a job that another one takes the place of."""

_log = log.get("dispatch")


class Supersede(Protocol):
    """Has an operation applied, with its entry, in the transaction that cancels these jobs if they are queued."""

    def __call__(  # noqa: D102  the class says it
        self, job_ids: Sequence[str], op: Op, /, *, audit: AuditEntry | None = None
    ) -> Awaitable[Result]: ...


class Done(Struct, frozen=True):
    """What became of a fire time."""

    row: Schedule
    """The schedule as it is stored now."""
    outcome: FireOutcome
    job: NewJob | None = None
    """The job, when it was stored."""
    why: str | None = None
    """Why there is none."""
    job_id: str | None = None
    """Of the job that the fire time made; of one whose input another one took in, that one's."""


class Firing:
    """Makes the jobs of schedules and acts on their fire times.

    Args:
        cancel: cancels a job that another one has taken the place of.
        supersede: cancels queued jobs and stores another one in one transaction.
        tells: publishes what comes of fire times, in the transaction that acts on them.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        registry: Registry,
        clock: Clock,
        ids: IdSource,
        cancel: CancelJob,
        supersede: Supersede,
        tells: Tells,
    ) -> None:
        self.registry = registry
        self._store = store
        self._writer = writer
        self._clock = clock
        self._ids = ids
        self._cancel = cancel
        self._supersede = supersede
        self._tells = tells

    def job_of(self, entry: Entry, fire_at: int, *tags: str, request_id: str = "") -> NewJob:
        """The job that a schedule makes for a fire time.

        Raises:
            Refused: its command is not there, or does not take its input.
        """
        settings, row = entry.settings, entry.row
        if settings is None:
            raise Refused("invalid_input", entry.problem or "")
        command = self.registry.commands.get(settings.run)
        if command is None:
            raise Refused("not_found", f"There is no command {settings.run!r}.")
        args = payload_of(settings, row.name, fire_at)
        return make_job(
            command,
            args=args,
            data=decode_payload(command, args),
            job_id=self._ids(),
            now=self._clock.now(),
            principal=principal_of(row.name),
            tenant=row.tenant,
            request_id=request_id,
            ask=Ask(
                priority=settings.priority,
                max_attempts=settings.max_attempts,
                timeout=None if settings.timeout is None else int(settings.timeout),
                tags=(*settings.tags, *tags),
                unique=UniqueAsk(key=principal_of(row.name), policy=_POLICIES[settings.if_running]),
            ),
        )

    async def act(self, entry: Entry, step: Step) -> Done | None:
        """Act on a fire time, or pass over it; None when the schedule is not what it was (stale).

        Nobody may change it meanwhile: else its job might not be stored, and the older one be cancelled for nothing.

        Raises:
            StoreUnavailable: the store cannot take it now; nothing was done.
        """
        if not step.act:
            return await self._without(entry, step, "missed")
        try:
            new = self.job_of(entry, step.fire_at, f"fire:{rfc3339(step.fire_at)}")
        except Refused as error:
            return await self._without(entry, step, "refused", str(error))

        with Telling(self._tells, entry.row, step) as telling:
            expected: Result = Enqueued(new.job.id)
            telling.say("queued", job_id=new.job.id)
            for _ in range(_TRIES):
                fire = partial(_fire, telling, expected)
                result = await self.take_place(entry, new, fire)
                if not isinstance(result, Otherwise):
                    if not isinstance(result, Fired):
                        return None
                    telling.written()
                    return _done(entry.row, step, new, result.enqueued)
                # Of a job that took the input in, or stands for it, or cannot be taken, something else is to be told.
                expected = result.enqueued
                found = _done(entry.row, step, new, expected)
                telling.say(found.outcome, job_id=found.job_id, why=found.why)
            raise StoreUnavailable("What becomes of the job changes all the time.")

    async def take_place(
        self, entry: Entry, new: NewJob, op: Callable[[Enqueue], Op], *, audit: AuditEntry | None = None
    ) -> Result:
        """Have a schedule's job stored, in the place of those that are active if that is how it is.

        Queued ones are cancelled in the transaction that stores it; all others after it, so that whatever happens in
        between, one of them is there.

        Args:
            entry: the schedule.
            new: its job.
            op: the operation, given the one that stores the job.
            audit: who does it.

        Raises:
            StoreUnavailable: the store cannot take it now, or they do not end; nothing was stored.
            StoreError: the job contradicts what is stored.
        """
        older = await self._active(entry) if _replaces(entry) else []
        write: Callable[[Op], Awaitable[Result]] = partial(audited, self._writer.submit, audit)
        for _ in range(_TRIES):
            job = Enqueue(now=self._clock.now(), job=new.job, unique=new.unique, cap=new.command.max_queued)
            result = await write(op(job))
            if not isinstance(result, Occupied):
                break
            write = partial(self._supersede, result.job_ids, audit=audit)
        else:
            raise StoreUnavailable("The jobs that this one takes the place of do not end.")
        if isinstance(result, Failed):  # one of several; alone it is raised by the writer
            raise StoreError(result.detail)
        stored = result.enqueued if isinstance(result, Fired) else result
        if isinstance(stored, Enqueued):
            await self._end(older, stored.job_id)
        return result

    async def _active(self, entry: Entry) -> list[str]:
        """The jobs of a schedule that are active; when its command was changed, those of the former one too."""
        found: list[str] = []
        for status in _ACTIVE:
            query = JobQuery(
                principal=principal_of(entry.row.name),
                status=status,
                tenant=entry.row.tenant or None,
                limit=_MOST_ACTIVE,
            )
            # Another tenant may have had a schedule of this name before.
            jobs = (await self._store.jobs(query)).jobs
            found += [job.id for job in jobs if job.tenant == entry.row.tenant and not job.cancel_requested]
        return found

    async def _end(self, older: Sequence[str], newer: str) -> None:
        """Cancel those of these jobs that are still active, for another one that is stored."""
        for job_id in older:
            if job_id == newer:  # which took the input in
                continue
            try:
                await self._cancel(job_id)
            except (StoreUnavailable, StoreError) as error:
                _log.warning("schedule.not_cancelled", job_id=job_id, newer=newer, why=str(error))

    async def _without(self, entry: Entry, step: Step, outcome: FireOutcome, why: str | None = None) -> Done | None:
        with Telling(self._tells, entry.row, step) as telling:
            telling.say(outcome, why=why)
            result = await self._writer.submit(telling.op(self._clock.now(), outcome))
            if not isinstance(result, Fired):
                return None
            telling.written()
            row = replace(entry.row, next_at=step.next_at, last_at=step.fire_at, last_outcome=outcome)
            return Done(row, outcome, None, why)


def _replaces(entry: Entry) -> bool:
    return entry.settings is not None and entry.settings.if_running == "cancel"


def principal_of(name: str) -> str:
    """Under which name a schedule makes jobs."""
    return f"schedule:{name}"


def _fire(telling: Telling, expected: Result, job: Enqueue) -> Op:
    return telling.op(job.now, "queued", job, expected)


def _done(row: Schedule, step: Step, new: NewJob, stored: Result | None) -> Done:
    """What comes of a fire time when this becomes of its job."""
    row = replace(row, next_at=step.next_at, last_at=step.fire_at)
    if not isinstance(stored, Enqueued):
        return Done(replace(row, last_outcome="refused"), "refused", None, type(stored).__name__)
    if stored.duplicate:
        return Done(replace(row, last_outcome="skipped"), "skipped", None, f"the job {stored.job_id} is still active")
    if stored.coalesced:
        return Done(replace(row, last_outcome="queued"), "queued", new, job_id=stored.job_id)
    row = replace(row, last_outcome="queued", last_job=stored.job_id, fired=row.fired + 1)
    return Done(row, "queued", new, job_id=stored.job_id)
