"""Leasing due jobs."""

from msgspec.structs import replace

from hookyard.model import Job
from hookyard.store.contract import Claim, Claimed, Result, fitting
from hookyard.store.memory.data import Data


def claim(data: Data, op: Claim) -> Result:
    """Lease the next due jobs."""
    limits: dict[str, int] = {}
    for ask in op.lanes:
        limits[ask.lane] = limits.get(ask.lane, 0) + max(ask.limit, 0)
    queued = [job for job in data.jobs.values() if job.status == "queued" and job.lane in limits]
    data.due.update(job.id for job in queued if job.run_at <= op.now)
    picked: list[Job] = []
    for lane, limit in limits.items():
        due = [job for job in queued if job.lane == lane and job.id in data.due]
        due.sort(key=lambda job: (-job.priority, job.id))
        picked += due[:limit]
    later = [job.run_at for job in queued if job.id not in data.due]
    fits = fitting([len(job.args) for job in picked])
    claimed = tuple(_lease(data, job, op) for job in picked[:fits])
    return Claimed(claimed, min(later, default=None), more=fits < len(picked))


def _lease(data: Data, job: Job, op: Claim) -> Job:
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
