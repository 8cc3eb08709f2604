"""Taking jobs in."""

from typing import cast

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import TERMINAL, Job, TerminalStatus
from hookyard.store.contract import Dedupe, Enqueue, Enqueued, Failed, LaneFull, Mismatch, Occupied, Result, Unmet
from hookyard.store.memory.data import Data
from hookyard.store.memory.rows import as_new
from hookyard.store.rules import debounced, is_unrun


def enqueue(data: Data, op: Enqueue) -> Result:
    """Store a job."""
    dedupe = op.dedupe
    if dedupe is not None and (answer := _known(data, op, dedupe)) is not None:
        return answer
    against = _misplaced(data, op) if op.dead is not None else _instead(data, op) or _refusal(data, op)
    result = against or _store(data, op)
    if dedupe is not None and isinstance(result, Enqueued):
        wholes = [key for key in dedupe.also if _answer(data, op, dedupe, key) is None]
        data.keys |= {(dedupe.scope, key): (dedupe, result.job_id) for key in (dedupe.key, *wholes)}
    return result


def _known(data: Data, op: Enqueue, dedupe: Dedupe) -> Result | None:
    """What the keys answer; None when the call is new."""
    if dedupe.take:
        return None
    alone = (key for key in dedupe.also if not _has_parts(data, dedupe.scope, key, op.now))
    answers = (_answer(data, op, dedupe, key) for key in (dedupe.key, *alone))
    return next((answer for answer in answers if answer is not None), None)


def _answer(data: Data, op: Enqueue, dedupe: Dedupe, key: str) -> Result | None:
    """What one key answers; None when it is not known, or over, or free for this job."""
    earlier, job_id = data.keys.get((dedupe.scope, key), (None, ""))
    if earlier is None or earlier.expires_at <= op.now:
        return None
    if earlier.digest != dedupe.digest:
        return Mismatch(job_id)
    job = data.jobs.get(job_id)
    if op.dead is None and job is not None and is_unrun(job):
        return None
    return Enqueued(job_id, duplicate=True)


def _has_parts(data: Data, scope: str, key: str, now: int) -> bool:
    """Whether a live key is a part of this one."""
    parts = data.keys_of(scope, key)
    return any(data.keys[part][0].expires_at > now for part in parts if part[1] != key)


def _instead(data: Data, op: Enqueue) -> Result | None:
    """What is done instead of storing the job, because of its unique key."""
    if op.unique is None or op.job.unique_key is None:
        return None
    same = sorted(
        (job for job in data.jobs.values() if job.unique_key == op.job.unique_key and job.status not in TERMINAL),
        key=lambda job: job.id,
    )
    queued = [job for job in same if job.status == "queued"]
    if op.unique.policy == "skip":
        return Enqueued(same[0].id, duplicate=True) if same else None
    if op.unique.policy == "replace":
        return (_unmet(data, op.job) or Occupied(tuple(job.id for job in queued))) if queued else None
    fresh = [job for job in queued if job.started_at is None]
    return _coalesce(data, fresh[0], op) if fresh else None


def _coalesce(data: Data, old: Job, op: Enqueue) -> Result:
    new = op.job
    run_at = debounced(new.run_at, old.submitted_at, op.unique)
    data.jobs[old.id] = replace(old, args=new.args, run_at=run_at, priority=new.priority, request_id=new.request_id)
    _keep_inbound(data, old.id, op)
    data.due.discard(old.id)
    if run_at <= op.now and not data.waits.get(old.id):
        data.due.add(old.id)
    return Enqueued(old.id, coalesced=True)


def _refusal(data: Data, op: Enqueue) -> Result | None:
    """Why the job is not stored."""
    if unmet := _unmet(data, op.job):
        return unmet
    if op.cap is not None and op.lease is None:
        queued = sum(job.lane == op.job.lane and job.status == "queued" for job in data.jobs.values())
        if queued >= op.cap:
            return LaneFull(queued)
    if problem := _misfit(data, op):
        return Failed(problem)
    return None


def _misplaced(data: Data, op: Enqueue) -> Result | None:
    """Why a job that cannot run is not stored."""
    if op.lease is not None:
        return Failed("a job that cannot run comes without a lease")
    if problem := _misfit(data, op):
        return Failed(problem)
    deliveries = () if op.dead is None else op.dead.deliveries
    place = ("job", ids.key(op.job.id))
    data.places.add(place)  # they may be of this very job
    problem = data.unusable_deliveries(deliveries)
    data.places.discard(place)
    return None if problem is None else Failed(problem)


def _unmet(data: Data, job: Job) -> Unmet | None:
    """The first of the jobs to wait for that cannot succeed any more."""
    for other in _after(job):
        found = data.jobs.get(other)
        status = None if found is None else found.status
        if status is None or status in TERMINAL - {"succeeded"}:
            return Unmet(other, cast("TerminalStatus | None", status))
    return None


def _misfit(data: Data, op: Enqueue) -> str | None:
    job = op.job
    if problem := data.unusable("job", job.id):
        return problem
    if job.max_attempts < 1:
        return "not a single attempt is allowed"
    if job.concurrency_key is not None and (job.concurrency_limit is None or job.concurrency_limit < 1):
        return "a concurrency key without a limit"
    if op.lease is not None and (job.concurrency_key is not None or _waits_for(data, job)):
        return "a job that may have to wait comes without a lease"
    return None


def _store(data: Data, op: Enqueue) -> Result:
    job = op.job
    data.places.add(("job", ids.key(job.id)))
    data.jobs[job.id] = as_new(op)
    data.attempts[job.id] = []
    _keep_inbound(data, job.id, op)
    if op.dead is not None:
        data.add_deliveries(op.dead.deliveries)
    elif waits := _waits_for(data, job):
        data.waits[job.id] = waits
    elif op.lease is None and job.run_at <= op.now:
        data.due.add(job.id)
    return Enqueued(job.id)


def _keep_inbound(data: Data, job_id: str, op: Enqueue) -> None:
    """Keep what this job came of, if it came of something, instead of what another input of it did."""
    data.inbound.pop(job_id, None)
    if op.inbound is not None:
        data.inbound[job_id] = op.inbound


def _after(job: Job) -> tuple[str, ...]:
    return () if job.options is None else tuple(dict.fromkeys(job.options.after))


def _waits_for(data: Data, job: Job) -> set[str]:
    """The jobs that have to succeed first and have not yet; that they are there was looked at before."""
    return {other for other in _after(job) if data.jobs[other].status != "succeeded"}
