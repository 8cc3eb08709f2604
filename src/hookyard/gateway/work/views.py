"""What workers are answered. Times are RFC 3339 in UTC, lengths of time are seconds."""

from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.dispatch.work import Counts, Given, Worker, lease_text
from hookyard.model import Job, JobStatus, Reason


class WorkJob(Struct, frozen=True, kw_only=True):
    """A job that the worker holds now."""

    job_id: str
    lease: str
    """Stands for this attempt in every later call."""
    lease_expires_at: str
    """Until then the worker has to be heard of."""
    plugin: str
    command: str
    lane: str
    payload: Raw
    """The command's input."""
    attempt: int
    """Counted from 1."""
    max_attempts: int
    timeout: float
    """Seconds that the attempt may take."""
    deadline: str
    """When that time is up; no heartbeat moves it."""
    affinity: str | None
    tags: tuple[str, ...]
    cancel_requested: bool
    request_id: str


class WorkJobs(Struct, frozen=True):
    """What a claim brought; empty when there was nothing."""

    jobs: list[WorkJob]


class ItemCounts(Struct, frozen=True, omit_defaults=True):
    """How many of the job's items have been told of."""

    done: int
    failed: int
    total: float | UnsetType = UNSET
    """Of how many, where the worker's progress says so."""


class ExtendView(Struct, frozen=True, kw_only=True):
    """How the job stands."""

    job_id: str
    lease_expires_at: str
    deadline: str
    cancel_requested: bool
    """Somebody wants the job cancelled: stop, and call `release` or `fail`; it then ends as `cancelled`."""
    items: ItemCounts


class WorkEnd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the job."""

    job_id: str
    status: JobStatus
    """`queued` when it will be tried again."""
    reason: Reason | UnsetType = UNSET
    run_at: str | UnsetType = UNSET
    """When it is due again."""


class WorkerView(Struct, frozen=True, kw_only=True):
    """A worker that has called in."""

    name: str
    principal: str
    tenant: str
    lanes: tuple[str, ...]
    """What it asked for last."""
    affinity: tuple[str, ...]
    """What it had loaded then."""
    first_contact: str
    last_contact: str
    stale: bool
    """It has not been heard of for 90 seconds."""
    running: tuple[str, ...]
    """The ids of the jobs that it holds, at most 100."""
    claimed: int
    completed: int
    failed: int


class WorkerList(Struct, frozen=True):
    """The workers known, the one with the last contact first."""

    workers: list[WorkerView]


def given_view(given: Given) -> WorkJob:
    """Show a job to the worker that has it."""
    job = given.job
    timeout = given.command.timeout if job.timeout is None else job.timeout
    return WorkJob(
        job_id=job.id,
        lease=lease_text(given.token),
        lease_expires_at=rfc3339(given.expires_at),
        plugin=job.plugin,
        command=job.command,
        lane=job.lane,
        payload=Raw(job.args),
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        timeout=timeout / 1000,
        deadline=rfc3339(given.deadline),
        affinity=job.affinity,
        tags=job.tags,
        cancel_requested=job.cancel_requested,
        request_id=job.request_id,
    )


def extend_view(job: Job, counts: Counts) -> ExtendView:
    """Answer a heartbeat."""
    total = UNSET if counts.total is None else counts.total
    return ExtendView(
        job_id=job.id,
        lease_expires_at=rfc3339(counts.expires_at),
        deadline=rfc3339(counts.deadline),
        cancel_requested=counts.cancel_requested,
        items=ItemCounts(counts.done, counts.failed, total),
    )


def end_view(job: Job) -> WorkEnd:
    """Say what became of a job."""
    return WorkEnd(
        job_id=job.id,
        status=job.status,
        reason=job.reason or UNSET,
        run_at=rfc3339(job.run_at) if job.status == "queued" else UNSET,
    )


def worker_view(worker: Worker) -> WorkerView:
    """Show a worker."""
    record = worker.record
    return WorkerView(
        name=record.name,
        principal=record.principal,
        tenant=record.tenant,
        lanes=record.lanes,
        affinity=record.affinity,
        first_contact=rfc3339(record.first_contact),
        last_contact=rfc3339(record.last_contact),
        stale=worker.stale,
        running=worker.running,
        claimed=record.claimed,
        completed=record.completed,
        failed=record.failed,
    )
