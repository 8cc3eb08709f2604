"""Taking jobs in."""

from hookyard import ids
from hookyard.store.contract import Enqueue, Enqueued, Failed, Mismatch, Prune, Pruned, Result
from hookyard.store.memory.data import Data
from hookyard.store.memory.rows import as_new


def enqueue(data: Data, op: Enqueue) -> Result:
    """Store a job."""
    dedupe = op.dedupe
    if dedupe is not None:
        earlier, job_id = data.keys.get((dedupe.scope, dedupe.key), (None, ""))
        if earlier is not None and earlier.expires_at > op.now:
            return Enqueued(job_id, duplicate=True) if earlier.digest == dedupe.digest else Mismatch(job_id)
    if problem := data.unusable("job", op.job.id):
        return Failed(problem)
    if op.job.max_attempts < 1:
        return Failed("not a single attempt is allowed")
    data.places.add(("job", ids.key(op.job.id)))
    data.jobs[op.job.id] = as_new(op)
    data.attempts[op.job.id] = []
    if op.lease is None and op.job.run_at <= op.now:
        data.due.add(op.job.id)
    if dedupe is not None:
        data.keys[dedupe.scope, dedupe.key] = (dedupe, op.job.id)
    return Enqueued(op.job.id)


def prune(data: Data, op: Prune) -> Result:
    """Forget expired keys."""
    expired = sorted(
        (dedupe.expires_at, name) for name, (dedupe, _) in data.keys.items() if dedupe.expires_at <= op.now
    )
    for _, name in expired[: op.limit]:
        del data.keys[name]
    return Pruned(min(len(expired), op.limit))
