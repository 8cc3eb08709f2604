"""Leasing due jobs."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hookyard.model import Job
from hookyard.store.contract import Claim, Claimed, ClaimWork, LaneAsk, Result, fitting
from hookyard.store.memory.data import Data
from hookyard.store.memory.waiting import running_of_key


def claim(data: Data, op: Claim) -> Result:
    """Lease the next due jobs."""
    limits = _limits(op.lanes)
    due, next_due = _due(data, limits, op.now)
    picked: list[Job] = []
    for lane, limit in limits.items():
        in_lane = sorted((job for job in due if job.lane == lane), key=lambda job: (-job.priority, job.id))
        picked += _with_room(data, in_lane)[:limit]
    return _taken(data, picked, op, next_due)


def claim_work(data: Data, op: ClaimWork) -> Result:
    """Lease the next due jobs for an external worker."""
    limits = _limits(op.lanes)
    due, next_due = _due(data, limits, op.now)
    affinities = set(op.affinities) - {""}
    due = [job for job in due if op.tenant in {"", job.tenant}]
    due.sort(key=lambda job: (job.affinity not in affinities, -job.priority, job.id))
    room = {lane: limit - _running(data, lane) for lane, limit in limits.items()}
    return _taken(data, _with_room(data, due, room)[: max(op.limit, 0)], op, next_due)


def _limits(asks: Iterable[LaneAsk]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for ask in asks:
        limits[ask.lane] = limits.get(ask.lane, 0) + max(ask.limit, 0)
    return limits


def _due(data: Data, lanes: Iterable[str], now: int) -> tuple[list[Job], int | None]:
    """The due jobs of these lanes, and when the next of the others is due."""
    asked = set(lanes)
    queued = [
        job for job in data.jobs.values() if job.status == "queued" and job.lane in asked and not data.waits.get(job.id)
    ]
    data.due.update(job.id for job in queued if job.run_at <= now)
    later = [job.run_at for job in queued if job.id not in data.due]
    return [job for job in queued if job.id in data.due], min(later, default=None)


def _with_room(data: Data, due: Sequence[Job], lanes: dict[str, int] | None = None) -> list[Job]:
    """Those of these, taken in this order, that their key and their lane have room for."""
    keys: dict[tuple[str, str], int] = {}
    taken: list[Job] = []
    for job in due:
        if lanes is not None and lanes[job.lane] <= 0:
            continue
        if job.concurrency_key is not None:
            key = (job.lane, job.concurrency_key)
            running = keys.setdefault(key, running_of_key(data, job))
            if running >= (job.concurrency_limit or 1):
                continue
            keys[key] += 1
        if lanes is not None:
            lanes[job.lane] -= 1
        taken.append(job)
    return taken


def _running(data: Data, lane: str) -> int:
    return sum(job.status == "running" and job.lane == lane for job in data.jobs.values())


def _taken(data: Data, picked: Sequence[Job], op: Claim | ClaimWork, next_due: int | None) -> Result:
    fits = fitting([len(job.args) for job in picked])
    claimed = tuple(_lease(data, job, op) for job in picked[:fits])
    return Claimed(claimed, next_due, more=fits < len(picked))


def _lease(data: Data, job: Job, op: Claim | ClaimWork) -> Job:
    data.due.discard(job.id)
    leased = replace(
        job,
        status="running",
        reason=None,
        attempt=job.attempt + 1,
        started_at=op.now,
        lease_token=op.lease.token,
        lease_expires_at=op.lease.expires_at,
        worker=op.lease.worker,
    )
    data.jobs[job.id] = leased
    return leased
