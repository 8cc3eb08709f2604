"""Jobs that cannot run: stored as failed, with all that comes with any other failure."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.bounds import bounded
from hookyard.dispatch.new_job import NewJob
from hookyard.dispatch.outbox import Outbox
from hookyard.model import ErrorInfo, Job
from hookyard.store.contract import Dead, Enqueue, Enqueued, Result

REASON: Final = "invalid_input"
NO_INPUT: Final = b"null"
"""The input of a job of an event of which none could be made; no command takes it."""


class Inputless(Result, frozen=True):
    """The job never had an input: none could be made of its event, so that only a replay runs it. Nothing changed."""


def is_inputless(job: Job) -> bool:
    """Whether a job is a dead letter that can never succeed, however often it is tried again."""
    return job.status == "failed" and job.reason == REASON and job.args == NO_INPUT and job.source is not None


class DeadLetters:
    """Plans their operations and tells of those that are stored.

    No job follows one, whatever its command declares for a failure: nothing of it has run.

    Args:
        outbox: plans the deliveries, which are written with the job (I6).
        ended: called with every such job once it is on disk.
    """

    def __init__(self, outbox: Outbox, clock: Clock, ended: Callable[[Job], None]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._ended = ended

    def planned(self, new: NewJob, error: ErrorInfo) -> Enqueue:
        """The operation that stores a job which cannot run because of this error; :meth:`written` has to follow."""
        now = self._clock.now()
        error = bounded(error)
        deliveries = self._outbox.plan(_failed(new.job, error, now), now)
        return Enqueue(now=now, job=new.job, dedupe=new.dedupe, inbound=new.inbound, dead=Dead(error, deliveries))

    def written(self, op: Enqueue, result: Result | None) -> None:
        """An operation that was planned here is done, with this result, or was not done."""
        if op.dead is None:
            return
        stored = isinstance(result, Enqueued) and not result.duplicate
        if op.dead.deliveries:
            (self._outbox.committed if stored else self._outbox.dropped)(op.dead.deliveries)
        if not stored:
            return
        job = op.job
        log.change(
            "job.dead_letter",
            "warning",
            job_id=job.id,
            request_id=job.request_id,
            command=f"{job.plugin}/{job.command}",
            source=job.source,
            reason=REASON,
            error=op.dead.error.code,
        )
        self._ended(_failed(job, op.dead.error, op.now))


def _failed(job: Job, error: ErrorInfo, now: int) -> Job:
    """The job as it is stored."""
    return replace(job, status="failed", reason=REASON, last_error=error, completed_at=now)
