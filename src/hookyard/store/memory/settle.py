"""What the holder of a lease does with it."""

from msgspec.structs import replace

from hookyard.store.contract import CancelPending, Done, Extend, Extended, Failed, Finish, Release, Result, Stale
from hookyard.store.memory.data import Data
from hookyard.store.memory.enqueue import enqueue
from hookyard.store.memory.rows import stored, unleased
from hookyard.store.memory.waiting import ended, freed


def extend(data: Data, op: Extend) -> Result:
    """Move a lease's end."""
    job = data.held(op.job_id, op.token)
    if job is None:
        return Stale()
    data.jobs[job.id] = replace(job, lease_expires_at=op.expires_at)
    return Extended(job.cancel_requested)


def finish(data: Data, op: Finish) -> Result:
    """End a job."""
    job = data.held(op.job_id, op.token, op.now if op.if_expired else None)
    if job is None:
        return Stale()
    if problem := data.unusable_deliveries(op.deliveries) or data.told.unusable(op.events):
        return Failed(problem)
    data.end_attempt(job, op.outcome, op.now, op.error)
    now_ended = data.jobs[job.id] = replace(
        unleased(job),
        status=op.status,
        reason=op.reason,
        result=op.result,
        result_artifact=op.result_artifact,
        last_error=stored(op.error),
        completed_at=op.now,
    )
    data.add_deliveries(op.deliveries)
    data.told.add(op.events, op.state)
    done = ended(data, now_ended, op.now)
    for one in op.follow:
        enqueue(data, one)
    return done


def release(data: Data, op: Release) -> Result:
    """Give a job back to the queue."""
    job = data.held(op.job_id, op.token, op.now if op.if_expired else None)
    if job is None:
        return Stale()
    if job.cancel_requested:
        return CancelPending()
    if job.attempt >= job.max_attempts and not op.uncount:
        return Failed("the attempts are used up")
    if not op.uncount:
        data.end_attempt(job, op.outcome, op.now, op.error)
    released = data.jobs[job.id] = replace(
        unleased(job),
        status="queued",
        reason=op.reason,
        run_at=op.run_at,
        attempt=job.attempt - op.uncount,
        last_error=job.last_error if op.error is None else stored(op.error),
    )
    if op.run_at <= op.now:
        data.due.add(job.id)
    return Done(freed(data, released))
