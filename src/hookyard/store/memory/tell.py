"""What running jobs tell of themselves."""

from msgspec.structs import replace

from hookyard.store.contract import (
    AppendEvents,
    AppendLog,
    Done,
    Failed,
    PutArtifact,
    PutProgress,
    PutState,
    Result,
    Stale,
)
from hookyard.store.memory.data import Data
from hookyard.store.stored_progress import progress_of, progress_text


def put_progress(data: Data, op: PutProgress) -> Result:
    """Note how far a job is."""
    job = data.held(op.job_id, op.token)
    if job is None:
        return Stale()
    # As it comes back from JSON, which is how stores keep it.
    data.jobs[job.id] = replace(job, progress=progress_of(progress_text(op.progress)))
    return Done()


def append_log(data: Data, op: AppendLog) -> Result:
    """Keep lines."""
    data.told.append(op.lines, data.jobs.__contains__)
    return Done()


def append_events(data: Data, op: AppendEvents) -> Result:
    """Keep events, and the deliveries of them."""
    if problem := data.unusable_deliveries(op.deliveries) or data.told.unusable(op.events):
        return Failed(problem)
    data.add_deliveries(op.deliveries)
    data.told.add(op.events, ())
    return Done()


def put_state(data: Data, op: PutState) -> Result:
    """Keep a value."""
    return data.told.put_state(op)


def put_artifact(data: Data, op: PutArtifact) -> Result:
    """Name an artifact."""
    if data.held(op.artifact.job_id, op.token) is None:
        return Stale()
    data.told.put_artifact(op.artifact)
    return Done()
