"""Forgetting in the model."""

from typing import cast

from hookyard import ids
from hookyard.model import TERMINAL, Job, TerminalStatus
from hookyard.store.contract import (
    ROW_BYTES,
    Deleted,
    DeleteJob,
    ForgetKeys,
    JobsPruned,
    NotFound,
    Prune,
    Pruned,
    PruneJobs,
    Result,
    StillActive,
    Undelivered,
)
from hookyard.store.memory.data import Data
from hookyard.store.rules import is_open
from hookyard.store.spans import just_before, made_at


def prune(data: Data, op: Prune) -> Result:
    """Forget rows of one kind."""
    if op.what == "keys":
        expired = sorted((kept.expires_at, name) for name, (kept, _) in data.keys.items() if kept.expires_at <= op.now)
        for _, name in expired[: max(op.limit, 0)]:
            del data.keys[name]
        return Pruned(min(len(expired), max(op.limit, 0)))
    return Pruned(0 if op.before is None else _prune(data, op, op.before))


def _prune(data: Data, op: Prune, before: int) -> int:
    limit = max(op.limit, 0)
    if op.what == "events":
        return data.told.forget_events(before, limit)
    if op.what == "deliveries":
        ended = [
            (one.completed_at, one.id)
            for one in data.deliveries.values()
            if one.job_id is None and one.completed_at is not None and one.completed_at < before
        ]
        for _, delivery_id in sorted(ended)[:limit]:
            data.forget_delivery(delivery_id)
        return min(len(ended), limit)
    if op.what == "audit":
        entries = sorted(key for key, entry in data.kept.audit.items() if made_at(entry.id) < before)[:limit]
        for key in entries:
            del data.kept.audit[key]
        return len(entries)
    if op.what == "tokens":
        return _forget_tokens(data, before, limit)
    silent = sorted((one.last_contact, at) for at, one in data.kept.workers.items() if one.last_contact < before)
    for _, at in silent[:limit]:
        del data.kept.workers[at]
    return min(len(silent), limit)


def _forget_tokens(data: Data, before: int, limit: int) -> int:
    newest = max(data.kept.tokens, default=-1)
    ends = {at: (one.expires_at, one.revoked_at) for at, one in data.kept.tokens.items() if at != newest}
    over = {at: min(end for end in both if end is not None) for at, both in ends.items() if both != (None, None)}
    gone = sorted((end, at) for at, end in over.items() if end < before)[:limit]
    for _, at in gone:
        del data.kept.tokens[at]
    return len(gone)


def forget_keys(data: Data, op: ForgetKeys) -> Result:
    """Forget a key, and those that begin with it."""
    gone = data.keys_of(op.scope, op.key)
    for name in gone:
        del data.keys[name]
    return Pruned(len(gone))


def delete_job(data: Data, op: DeleteJob) -> Result:
    """Forget one ended job."""
    job = data.jobs.get(op.job_id)
    if job is None:
        return NotFound()
    if job.status not in TERMINAL:
        return StillActive(job.status)
    return Undelivered() if _has_open_deliveries(data, job.id) else Deleted(_forget_job(data, job.id))


def prune_jobs(data: Data, op: PruneJobs) -> Result:
    """Walk the history."""
    start = -1 if op.after is None else ids.key(op.after)
    walk = sorted((job for job in data.jobs.values() if ids.key(job.id) > start), key=lambda job: job.id)
    walk = walk[: max(op.limit, 0)]
    count, room = 0, op.rows
    locations: list[str] = []
    for seen, job in enumerate(walk):
        if not _is_over(data, job, op):
            continue
        lines, items = len(data.told.lines(job.id, 0, 1 << 60)), data.items.get(job.id, {})
        if lines + len(items) > room:
            gone = data.told.forget_lines(job.id, max(room, 0))
            for name in sorted(items)[: max(room, 0) - gone]:
                del items[name]
            return JobsPruned(count, seen, just_before(job.id), tuple(locations))
        sent = data.inbound.get(job.id)
        size = len(job.args) + len(b"" if sent is None else sent.body or b"")
        room -= lines + len(items) + size // ROW_BYTES
        locations += _forget_job(data, job.id)
        count += 1
    return JobsPruned(count, len(walk), walk[-1].id if 0 < len(walk) == op.limit else None, tuple(locations))


def _is_over(data: Data, job: Job, op: PruneJobs) -> bool:
    before = op.before.get(cast("TerminalStatus", job.status)) if job.status in TERMINAL else None
    return (
        before is not None
        and cast("int", job.completed_at) < before
        and not _has_open_deliveries(data, job.id)
        and not data.is_awaited(job.id)
    )


def _has_open_deliveries(data: Data, job_id: str) -> bool:
    return any(one.job_id == job_id and is_open(one) for one in data.deliveries.values())


def _forget_job(data: Data, job_id: str) -> tuple[str, ...]:
    """Forget a job with what belongs to it; returns where the content of its artifacts is."""
    for delivery_id in [one.id for one in data.deliveries.values() if one.job_id == job_id]:
        data.forget_delivery(delivery_id)
    data.told.forget_lines(job_id, 1 << 60)
    data.items.pop(job_id, None)
    data.items_told.pop(job_id, None)
    data.attempts.pop(job_id, None)
    data.waits.pop(job_id, None)
    data.inbound.pop(job_id, None)
    data.places.discard(("job", ids.key(job_id)))
    del data.jobs[job_id]
    return data.told.forget_artifacts(job_id)
