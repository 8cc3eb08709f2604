"""Cancelling jobs."""

from typing import cast

from msgspec.structs import replace

from hookyard.model import TERMINAL, TerminalStatus
from hookyard.store.contract import AlreadyTerminal, Cancel, CancelRequested, Done, Failed, NotFound, Result
from hookyard.store.memory.data import Data


def cancel(data: Data, op: Cancel) -> Result:
    """Cancel a job."""
    job = data.jobs.get(op.job_id)
    if job is None:
        return NotFound()
    if job.status in TERMINAL:
        return AlreadyTerminal(cast("TerminalStatus", job.status))
    if job.status == "running":
        data.jobs[job.id] = replace(job, cancel_requested=True)
        return CancelRequested()
    if problem := data.unusable_deliveries(op.deliveries):
        return Failed(problem)
    data.due.discard(job.id)
    data.jobs[job.id] = replace(job, status="cancelled", reason="cancelled_by_user", completed_at=op.now)
    data.add_deliveries(op.deliveries)
    return Done()
