"""What is done to a job from outside: cancelled, killed, run again, forgotten."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Final, cast

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.dead_letters import Inputless, is_inputless
from hookyard.dispatch.outbox import Outbox
from hookyard.dispatch.ports import Ports
from hookyard.dispatch.verdict import CANCELLED, Ended
from hookyard.model import TERMINAL, AuditEntry, ErrorInfo, Job, TerminalStatus
from hookyard.store.audited import audited
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    AlreadyTerminal,
    AppendAudit,
    Cancel,
    CancelRequested,
    Deleted,
    DeleteJob,
    Done,
    Doomed,
    Exhausted,
    NotFound,
    Op,
    Result,
    RetryJob,
    Several,
    StillActive,
    Store,
    Together,
    Undelivered,
)

KILLED: Final = Ended(
    status="cancelled",
    outcome="cancelled",
    reason="killed",
    error=ErrorInfo(code="killed", message="The job was killed."),
)
REPLACED: Final = Ended(
    status="cancelled",
    outcome="cancelled",
    reason="replaced",
    error=ErrorInfo(code="replaced", message="A newer job with the same unique key took its place."),
)
DOOMED: Final = Ended(
    status="cancelled",
    outcome="cancelled",
    reason="dependency_failed",
    error=ErrorInfo(code="dependency_failed", message="A job that had to succeed first did not."),
)
_PAGE: Final = 100

_log = log.get("dispatch")


class Changes:
    """Changes jobs.

    Args:
        attempts: where those run that run here.
        ports: has the content of artifacts.
        again: how many attempts a job gets that is run again by force.
        settled: called with every job as it is stored after the change.
        moved: called with the lanes in which other jobs are due for it, and whether jobs now wait in vain.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        clock: Clock,
        outbox: Outbox,
        attempts: Attempts,
        ports: Ports,
        again: Callable[[Job], int],
        settled: Callable[[Job], None],
        moved: Callable[[Collection[str], bool], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._outbox = outbox
        self._attempts = attempts
        self._ports = ports
        self._again = again
        self._settled = settled
        self._moved = moved
        self._sweeping = asyncio.Lock()

    async def cancel(
        self, job_id: str, end: Ended = CANCELLED, *, audit: AuditEntry | None = None
    ) -> Done | CancelRequested | AlreadyTerminal | NotFound:
        """Cancel a job: a queued one ends at once, a running one is asked to.

        Args:
            job_id: which.
            end: how it ends.
            audit: who does it.
        """
        result = await self._cancel(job_id, end, audit)
        if isinstance(result, CancelRequested):
            self._attempts.cancel(job_id, end)
        return result

    async def supersede(self, job_ids: Sequence[str], op: Op, /, *, audit: AuditEntry | None = None) -> Result:
        """Store a job in the transaction that cancels those it takes the place of, as far as they are still queued.

        Args:
            job_ids: which.
            op: stores the newer one.
            audit: who does it.

        Returns:
            What became of the newer one.

        Raises:
            StoreUnavailable: nothing was done.
        """
        found = [await self._store.job(job_id) for job_id in job_ids]
        planned = [self._planned(job, REPLACED, only_queued=True) for job in found if job is not None]
        cancels = [cancel for _, cancel in planned]
        results: Sequence[Result | None] = [None] * len(cancels)
        try:
            with_entry = (op,) if audit is None else (op, AppendAudit(now=op.now, entry=audit))
            several = await self._writer.submit(Together(now=op.now, ops=(*cancels, *with_entry)))
            assert isinstance(several, Several)  # noqa: S101  the contract's answer to a Together
            results, newer = several.results[: len(cancels)], several.results[len(cancels)]
        finally:
            for cancel, result in zip(cancels, results, strict=True):
                self._was_planned(cancel, result)
        for (ended, _), result in zip(planned, results, strict=True):
            if isinstance(result, Done):
                await self._cancelled(ended, result)
        return newer

    async def kill(
        self, job_id: str, *, audit: AuditEntry | None = None
    ) -> Done | CancelRequested | AlreadyTerminal | NotFound:
        """End a job at once, in the store first, then what runs here of it."""
        result = await self._cancel(job_id, KILLED, audit, kill=True)
        if isinstance(result, Done):
            self._attempts.kill(job_id)
        return result

    async def _cancel(
        self, job_id: str, end: Ended, audit: AuditEntry | None, *, kill: bool = False
    ) -> Done | CancelRequested | AlreadyTerminal | NotFound:
        job = await self._store.job(job_id)
        if job is None:
            return NotFound()
        if job.status in TERMINAL:
            return AlreadyTerminal(cast("TerminalStatus", job.status))
        ended, op = self._planned(job, end, kill=kill)
        result: Result | None = None
        try:
            result = await audited(self._writer.submit, audit, op)
        finally:
            self._was_planned(op, result)
        if isinstance(result, Done):
            await self._cancelled(ended, result)
        assert isinstance(result, (Done, CancelRequested, AlreadyTerminal, NotFound))  # noqa: S101  the contract's
        return result

    def _planned(self, job: Job, end: Ended, *, kill: bool = False, only_queued: bool = False) -> tuple[Job, Cancel]:
        """The job as it will be, and the operation."""
        now = self._clock.now()
        ended = replace(
            job,
            status="cancelled",
            reason=end.reason,
            last_error=end.error,
            completed_at=now,
            lease_token=None,
            lease_expires_at=None,
            worker=None,
        )
        # Planned for the case that it ends here; one that runs on has its own when its holder ends it.
        deliveries = self._outbox.plan(ended, now)
        reason = end.reason or "cancelled_by_user"
        op = Cancel(
            now=now,
            job_id=job.id,
            reason=reason,
            error=end.error,
            kill=kill,
            only_queued=only_queued,
            deliveries=deliveries,
        )
        return ended, op

    def _was_planned(self, op: Cancel, result: Result | None) -> None:
        """The deliveries of an operation are written, or are not."""
        if op.deliveries:
            (self._outbox.committed if isinstance(result, Done) else self._outbox.dropped)(op.deliveries)

    async def _cancelled(self, ended: Job, result: Done) -> None:
        log.change(
            "job.cancelled",
            job_id=ended.id,
            request_id=ended.request_id,
            command=_key(ended),
            reason=ended.reason,
        )
        self._settled(await self._store.job(ended.id) or ended)
        if result.lanes or result.doomed:
            self._moved(result.lanes, result.doomed)

    async def retry(
        self, job_id: str, *, force: bool = False, audit: AuditEntry | None = None
    ) -> Done | StillActive | Exhausted | Inputless | Doomed | NotFound:
        """Queue an ended job again, its history kept; but not one that never had an input, also by force.

        Args:
            job_id: which.
            force: also when its attempts are used up, for as many as its command has; and when it succeeded.
            audit: who does it.
        """
        job = await self._store.job(job_id)
        if job is None:
            return NotFound()
        if is_inputless(job):
            return Inputless()
        now = self._clock.now()
        op = RetryJob(now=now, job_id=job_id, run_at=now, force=force, attempts=self._again(job))
        result = await audited(self._writer.submit, audit, op)
        if isinstance(result, Done):
            log.change("job.queued", job_id=job_id, request_id=job.request_id, command=_key(job), reason="retry")
            self._settled(replace(job, status="queued", run_at=now))
        assert isinstance(result, (Done, StillActive, Exhausted, Doomed, NotFound))  # noqa: S101  the contract's answers
        return result

    async def delete(
        self, job_id: str, *, audit: AuditEntry | None = None
    ) -> Deleted | StillActive | Undelivered | NotFound:
        """Forget an ended job with its attempts, lines, items, deliveries and artifacts."""
        sizes = {each.location: each.size for each in await self._store.artifacts(job_id)}
        op = DeleteJob(now=self._clock.now(), job_id=job_id)
        result = await audited(self._writer.submit, audit, op)
        if isinstance(result, Deleted) and result.locations:
            await self._ports.forget({location: sizes.get(location, 0) for location in result.locations})
        assert isinstance(result, (Deleted, StillActive, Undelivered, NotFound))  # noqa: S101  the contract's answers
        return result

    async def sweep_doomed(self) -> int:
        """Cancel the queued jobs that wait for one that ended without success, and those that wait for these."""
        async with self._sweeping:
            count = 0
            while jobs := await self._store.doomed(limit=_PAGE):
                ended = [await self.cancel(job.id, DOOMED) for job in jobs]
                done = sum(isinstance(result, Done) for result in ended)
                count += done
                if not done:
                    break  # what is left cannot be ended now, and would be found for ever
            return count


def _key(job: Job) -> str:
    return f"{job.plugin}/{job.command}"
