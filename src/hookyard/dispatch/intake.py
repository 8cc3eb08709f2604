"""Taking jobs in: stored and started at once where that can be, else queued."""

from asyncio import Lock
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final
from weakref import WeakValueDictionary

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.claimer import Claimer
from hookyard.dispatch.dead_letters import DeadLetters
from hookyard.dispatch.lanes import Lanes
from hookyard.dispatch.new_job import NewJob
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import AuditEntry, ErrorInfo, Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    AppendAudit,
    Enqueue,
    Enqueued,
    Failed,
    LaneFull,
    Lease,
    Mismatch,
    Occupied,
    Result,
    Several,
    Together,
    Unmet,
)

Accepted = Enqueued | Mismatch | LaneFull | Unmet
"""What became of a job that was to be stored."""
_ROUNDS: Final = 8
"""How often the queued jobs of a key are replaced for one newer job, while other kinds of calls queue more."""


class Intake:
    """Stores new jobs.

    Args:
        lease: makes the lease of an attempt that begins now.
        freed: called with the lane when a slot is free again.
        replace: cancels these queued jobs in the transaction that stores a newer one, and says what became of that.
        stored: called with the jobs that are stored, before they start, of which somebody may want to know.
        dead: plans and tells of those that cannot run.
        listeners: not empty when somebody wants to know of all of them.
    """

    def __init__(
        self,
        *,
        writer: Coalescer,
        clock: Clock,
        lanes: Lanes,
        attempts: Attempts,
        claimer: Claimer,
        lease: Callable[[], Lease],
        freed: Callable[[str], None],
        replace: Callable[[Sequence[str], Enqueue], Awaitable[Result]],
        stored: Callable[[Job], None],
        dead: DeadLetters,
        listeners: Collection[str],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._lanes = lanes
        self._attempts = attempts
        self._claimer = claimer
        self._lease = lease
        self._freed = freed
        self._replace = replace
        self._stored = stored
        self._dead = dead
        self._listeners = listeners
        self._turns: WeakValueDictionary[tuple[str, str | None], Lock] = WeakValueDictionary()
        self._closed = False

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    async def accept(self, new: NewJob) -> Accepted:
        """Store a job and return once it is on disk; it may have started by then, or, if it cannot run, have ended.

        Returns:
            Enqueued, also of the job that stands for this one; or what keeps it from being stored.

        Raises:
            StoreUnavailable: the queue is full, the store cannot write, or the server drains; nothing was stored.
        """
        self._check_open()
        if new.dead is not None:
            return await self._bury(new, new.dead)
        job = new.job
        now = self._clock.now()
        if (
            job.run_at > now
            # Only the store can say when one of these may start.
            or job.concurrency_key is not None
            or new.unique is not None
            or (job.options is not None and job.options.after)
            or not self._lanes[job.lane].take()
        ):
            # Most have no key to wait for a turn of.
            return await (self._store(new, now) if new.unique is None else self._queue(new, now))
        lease = self._lease()
        try:
            result = await self._writer.submit(
                Enqueue(now=now, job=job, dedupe=new.dedupe, lease=lease, inbound=new.inbound)
            )
        except BaseException:
            # Refused, or this caller was cancelled: had it been stored all the same, its lease would end by itself.
            self._unused(job.lane)
            raise
        if isinstance(result, Enqueued) and not result.duplicate:
            if job.options is not None or self._listeners:
                self._stored(job)
            self._attempts.start(job, new.command, lease, number=1, since=now, data=new.data)
        else:
            self._unused(job.lane)
        return _accepted(result)

    async def accept_many(self, news: Sequence[NewJob], *, audit: AuditEntry | None = None) -> list[Accepted]:
        """Store jobs in one transaction, each succeeding or failing on its own; see :meth:`accept`.

        None of them starts before all are stored. Those that cannot run are stored with the others, and so is the entry
        of the audit log, whatever becomes of the jobs.
        """
        self._check_open()
        if not news:
            return []
        now = self._clock.now()
        ops = [_enqueue(new, now) if new.dead is None else self._dead.planned(new, new.dead) for new in news]
        more = () if audit is None else (AppendAudit(now=now, entry=audit),)
        results: Sequence[Result | None] = [None] * len(ops)
        living = [new.job for new in news if new.dead is None]
        try:
            arriving = [self._lanes[job.lane] for job in living]
            for lane in arriving:
                lane.arriving += 1
            try:
                several = await self._writer.submit(Together(now=now, ops=(*ops, *more)))
                assert isinstance(several, Several)  # noqa: S101  the contract's answer to a Together
                results = several.results[: len(ops)]
            finally:
                for lane in arriving:
                    lane.arriving -= 1
                for op, result in zip(ops, results, strict=True):
                    self._dead.written(op, result)
        finally:
            for job in living:
                self._claimer.expect(job.lane, job.run_at)
        return [
            await self._queue(new, now) if isinstance(result, Occupied) else self._told(new, result, now)
            for new, result in zip(news, several.results, strict=False)
        ]

    async def _bury(self, new: NewJob, error: ErrorInfo) -> Accepted:
        op = self._dead.planned(new, error)
        try:
            result = await self._writer.submit(op)
        except BaseException:
            self._dead.written(op, None)
            raise
        self._dead.written(op, result)
        return _accepted(result)

    async def _queue(self, new: NewJob, now: int) -> Accepted:
        if new.unique is None or new.unique.policy != "replace":
            return await self._store(new, now)
        key = (new.job.lane, new.job.unique_key)
        turn = self._turns.get(key) or self._turns.setdefault(key, Lock())
        async with turn:  # else most of many identical calls would only cancel each other's jobs
            self._check_open()
            return await self._store(new, now)

    async def _store(self, new: NewJob, now: int) -> Accepted:
        job = new.job
        lane = self._lanes[job.lane]
        op = _enqueue(new, now)
        queued: tuple[str, ...] = ()
        for _ in range(_ROUNDS):
            lane.arriving += 1  # until it is on disk nothing may overtake it by starting at once
            try:
                result = await (self._replace(queued, op) if queued else self._writer.submit(op))
            finally:
                lane.arriving -= 1
                # Also when this caller was cancelled: a claim that finds nothing costs less than a job nobody looks
                # for.
                self._claimer.expect(job.lane, job.run_at)
            if not isinstance(result, Occupied):
                return self._told(new, result, now)
            queued = result.job_ids
        detail = "Other jobs with the same unique key keep coming in."
        raise StoreUnavailable(detail, code="busy")

    def _told(self, new: NewJob, result: Result, now: int) -> Accepted:
        job = new.job
        if isinstance(result, Enqueued) and not result.duplicate and new.dead is None:
            log.change(
                "job.coalesced" if result.coalesced else "job.queued",
                job_id=result.job_id,
                request_id=job.request_id,
                command=f"{job.plugin}/{job.command}",
                principal=job.principal,
                run_in_ms=max(0, job.run_at - now),
            )
            if not result.coalesced and (job.options is not None or self._listeners):
                self._stored(job)
        return _accepted(result)

    def _unused(self, lane: str) -> None:
        """Nothing began in a slot that was taken."""
        self._lanes[lane].refund()
        self._freed(lane)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("The server is shutting down.", code="draining", retry_after=2)


def _enqueue(new: NewJob, now: int) -> Enqueue:
    return Enqueue(
        now=now,
        job=new.job,
        dedupe=new.dedupe,
        unique=new.unique,
        cap=new.command.max_queued,
        inbound=new.inbound,
    )


def _accepted(result: Result) -> Accepted:
    if isinstance(result, Enqueued):
        return result
    if isinstance(result, Failed):  # one of several; alone it is raised by the writer
        raise StoreError(result.detail)
    assert isinstance(result, (Mismatch, LaneFull, Unmet))  # noqa: S101  the contract's answers to an Enqueue
    return result
