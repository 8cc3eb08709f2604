"""Rows of the model as they change: new, no longer leased, with their errors as they come back from JSON."""

from msgspec.structs import replace

from hookyard.model import Delivery, ErrorInfo, Job
from hookyard.store.contract import Enqueue
from hookyard.store.stored_error import error_of, error_text


def as_new(op: Enqueue) -> Job:
    """The job as it is stored: what describes its life is the store's."""
    lease, dead = op.lease, op.dead
    return replace(
        op.job,
        status="failed" if dead is not None else "queued" if lease is None else "running",
        reason=None if dead is None else "invalid_input",
        attempt=0 if lease is None else 1,
        concurrency_limit=None if op.job.concurrency_key is None else op.job.concurrency_limit,
        result=None,
        result_artifact=None,
        last_error=None if dead is None else stored(dead.error),
        progress=None,
        cancel_requested=False,
        lease_token=None if lease is None else lease.token,
        lease_expires_at=None if lease is None else lease.expires_at,
        worker=None if lease is None else lease.worker,
        started_at=None if lease is None else op.now,
        completed_at=None if dead is None else op.now,
    )


def unleased(job: Job) -> Job:
    """The job without its lease."""
    return replace(job, lease_token=None, lease_expires_at=None, worker=None)


def stored(error: ErrorInfo | None) -> ErrorInfo | None:
    """An error as it comes back from JSON, which is how stores keep it."""
    return None if error is None else error_of(error_text(error))


def due_at(delivery: Delivery) -> int | None:
    """When a delivery is to be claimed: at its time, or when the courier that held it is given up."""
    if delivery.status == "pending":
        return delivery.next_at
    return delivery.lease_expires_at if delivery.status == "sending" else None
