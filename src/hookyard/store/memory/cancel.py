"""Cancelling jobs, and trying those again that have ended."""

from typing import cast

from msgspec.structs import replace

from hookyard.model import TERMINAL, TerminalStatus
from hookyard.store.contract import (
    AlreadyTerminal,
    Cancel,
    CancelRequested,
    Done,
    Doomed,
    Exhausted,
    Failed,
    NotFound,
    Result,
    RetryJob,
    StillActive,
)
from hookyard.store.memory.data import Data
from hookyard.store.memory.rows import stored, unleased
from hookyard.store.memory.waiting import ended, is_doomed


def cancel(data: Data, op: Cancel) -> Result:
    """Cancel a job."""
    job = data.jobs.get(op.job_id)
    if job is None:
        return NotFound()
    if job.status in TERMINAL:
        return AlreadyTerminal(cast("TerminalStatus", job.status))
    running = job.status == "running"
    if running and op.only_queued:
        return StillActive("running")
    if running and not op.kill:
        data.jobs[job.id] = replace(job, cancel_requested=True)
        return CancelRequested()
    if problem := data.unusable_deliveries(op.deliveries):
        return Failed(problem)
    if running:
        data.end_attempt(job, "cancelled", op.now, op.error)
    data.due.discard(job.id)
    cancelled = data.jobs[job.id] = replace(
        unleased(job),
        status="cancelled",
        reason=op.reason,
        last_error=job.last_error if op.error is None else stored(op.error),
        completed_at=op.now,
    )
    data.add_deliveries(op.deliveries)
    return ended(data, cancelled, op.now, ran=running)


def retry_job(data: Data, op: RetryJob) -> Result:
    """Queue an ended job again."""
    job = data.jobs.get(op.job_id)
    if job is None:
        return NotFound()
    if job.status not in TERMINAL:
        return StillActive(job.status)
    used_up = job.attempt >= job.max_attempts
    if not op.force and (used_up or job.status == "succeeded"):
        return Exhausted(cast("TerminalStatus", job.status), job.attempt, job.max_attempts)
    if used_up and op.attempts < 1:
        return Failed("not a single attempt more is allowed")
    again = replace(
        job,
        status="queued",
        reason=None,
        run_at=op.run_at,
        max_attempts=job.attempt + op.attempts if used_up else job.max_attempts,
        result=None,
        result_artifact=None,
        last_error=None,
        progress=None,
        cancel_requested=False,
        completed_at=None,
    )
    if is_doomed(data, again):
        return Doomed()
    data.jobs[job.id] = again
    if op.run_at <= op.now and not data.waits.get(job.id):
        data.due.add(job.id)
    return Done()
