"""How jobs are shown. Times are RFC 3339 in UTC; a member without a value is left out."""

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.model import (
    Attempt,
    AttemptOutcome,
    CallbackEvent,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    ErrorInfo,
    Follow,
    Job,
    JobOptions,
    JobStatus,
    Progress,
    Reason,
    Retry,
)

_NO_OPTIONS: Final = JobOptions()


class ProgressView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a job is, in whatever its command counts."""

    done: float
    total: float | UnsetType = UNSET
    """What `done` will be at the end, where that is known."""
    message: str = ""
    at: str
    """When it was said."""


class ShortJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job for scripts: how it stands and what came of it."""

    job_id: str
    status: JobStatus
    plugin: str
    command: str
    result: Raw | UnsetType = UNSET
    """The command's output."""
    result_artifact: str | UnsetType = UNSET
    """The name of the artifact that holds the result instead, since it is large."""
    error: ErrorInfo | UnsetType = UNSET
    """Of the last attempt that did not succeed."""
    progress: ProgressView | UnsetType = UNSET
    started_at: str | UnsetType = UNSET
    completed_at: str | UnsetType = UNSET


class JobRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job in a list."""

    job_id: str
    status: JobStatus
    plugin: str
    command: str
    lane: str
    priority: int
    attempt: int
    """The number of the current or last attempt; 0 before the first."""
    max_attempts: int
    submitted_at: str
    run_at: str
    """Not to be started before."""
    principal: str
    request_id: str
    reason: Reason | UnsetType = UNSET
    """Why it is where it is, in one word."""
    worker: str | UnsetType = UNSET
    """Who runs it, while it runs."""
    tenant: str | UnsetType = UNSET
    """Whose it is."""
    source: str | UnsetType = UNSET
    tags: tuple[str, ...] = ()
    error: ErrorInfo | UnsetType = UNSET
    """Of the last attempt that did not succeed."""
    cancel_requested: bool = False
    progress: ProgressView | UnsetType = UNSET
    """What its command last said of how far it is."""
    parent: str | UnsetType = UNSET
    """The job whose command called for this one, or that it follows."""
    affinity: str | UnsetType = UNSET
    """What a worker has loaded when it is best at this job."""
    started_at: str | UnsetType = UNSET
    completed_at: str | UnsetType = UNSET


class AttemptView(Struct, frozen=True, kw_only=True):
    """One ended run."""

    number: int
    outcome: AttemptOutcome
    worker: str
    started_at: str
    ended_at: str
    error: ErrorInfo | None


class DeliveryAttemptView(Struct, frozen=True, kw_only=True):
    """One try at a delivery."""

    number: int
    started_at: str
    duration_ms: int
    status: int | None
    """HTTP status; null when no answer came."""
    error: str | None
    response: str | None
    """The beginning of the answer's body."""


class DeliveryView(Struct, frozen=True, kw_only=True):
    """One event for one endpoint."""

    id: str
    """Also the `webhook-id` it is sent under."""
    event: str
    event_id: str | None
    """Of an event that a command emitted: its id; null when it tells of the job itself."""
    endpoint: str | None
    """The configured endpoint; null for a callback URL."""
    url: str | None
    status: DeliveryStatus
    attempt: int
    created_at: str
    next_at: str | None
    completed_at: str | None
    last_status: int | None
    last_error: str | None
    attempts: list[DeliveryAttemptView]


class EmittedView(Struct, frozen=True, kw_only=True):
    """An event that a job's command emitted; its payload is in the list of events."""

    id: str
    """Also the `event_id` of its deliveries, and of what receivers get."""
    type: str


class FullJob(JobRow, frozen=True, kw_only=True, omit_defaults=True):
    """All there is to know about a job."""

    args: Raw
    """The command's input."""
    result: Raw | UnsetType = UNSET
    """The command's output."""
    timeout: float | UnsetType = UNSET
    """Seconds one attempt may take, where the caller asked for other than the command's own."""
    result_artifact: str | UnsetType = UNSET
    """The name of the artifact that holds the result instead, since it is large."""
    callback_url: str | UnsetType = UNSET
    callback_events: tuple[CallbackEvent, ...] | UnsetType = UNSET
    retry: Retry | UnsetType = UNSET
    """Where the caller asked for other than the command's own; seconds."""
    unique_key: str | UnsetType = UNSET
    """While the job is active, another one of its command with this key is not simply added."""
    concurrency_key: str | UnsetType = UNSET
    """Of the jobs of its lane with this key at most `concurrency_limit` run at once."""
    concurrency_limit: int | UnsetType = UNSET
    on_success: tuple[Follow, ...] = ()
    on_failure: tuple[Follow, ...] = ()
    after: tuple[str, ...] = ()
    """The jobs that had to succeed first."""
    attempts: list[AttemptView]
    events: list[EmittedView]
    """What its command emitted, oldest first; of more than 200 the last."""
    deliveries: list[DeliveryView]
    children: list[str]
    """The jobs that its command called for, the first 200."""


class JobPage(Struct, frozen=True):
    """Jobs, newest first."""

    jobs: list[JobRow]
    next: str | None
    """The cursor of the next page; null on the last."""


def short_view(job: Job) -> ShortJob:
    """Show a job to a script."""
    return ShortJob(
        job_id=job.id,
        status=job.status,
        plugin=job.plugin,
        command=job.command,
        result=UNSET if job.result is None else Raw(job.result),
        result_artifact=job.result_artifact or UNSET,
        error=_error(job),
        progress=_progress(job.progress),
        started_at=_when(job.started_at),
        completed_at=_when(job.completed_at),
    )


def row_view(job: Job) -> JobRow:
    """Show a job in a list."""
    return JobRow(
        job_id=job.id,
        status=job.status,
        reason=job.reason or UNSET,
        worker=job.worker or UNSET if job.status == "running" else UNSET,
        tenant=job.tenant or UNSET,
        plugin=job.plugin,
        command=job.command,
        lane=job.lane,
        priority=job.priority,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        principal=job.principal,
        source=job.source or UNSET,
        request_id=job.request_id,
        tags=job.tags,
        error=_error(job),
        cancel_requested=job.cancel_requested,
        progress=_progress(job.progress),
        parent=job.parent or UNSET,
        affinity=job.affinity or UNSET,
        submitted_at=rfc3339(job.submitted_at),
        run_at=rfc3339(job.run_at),
        started_at=_when(job.started_at),
        completed_at=_when(job.completed_at),
    )


def full_view(
    job: Job,
    attempts: list[AttemptView],
    events: list[EmittedView],
    deliveries: list[DeliveryView],
    children: list[str],
) -> FullJob:
    """Show all of a job."""
    row, options = row_view(job), job.options or _NO_OPTIONS
    return FullJob(
        **{name: getattr(row, name) for name in row.__struct_fields__},
        args=Raw(job.args),
        result=UNSET if job.result is None else Raw(job.result),
        timeout=UNSET if job.timeout is None else job.timeout / 1000,
        result_artifact=job.result_artifact or UNSET,
        callback_url=job.callback_url or UNSET,
        callback_events=UNSET if job.callback_url is None else options.callback_events,
        retry=options.retry or UNSET,
        unique_key=_own_key(job, job.unique_key),
        concurrency_key=_own_key(job, job.concurrency_key),
        concurrency_limit=UNSET if job.concurrency_limit is None else job.concurrency_limit,
        on_success=options.on_success,
        on_failure=options.on_failure,
        after=options.after,
        attempts=attempts,
        events=events,
        deliveries=deliveries,
        children=children,
    )


def attempt_view(attempt: Attempt) -> AttemptView:
    """Show one run of a job."""
    return AttemptView(
        number=attempt.number,
        outcome=attempt.outcome,
        worker=attempt.worker,
        started_at=rfc3339(attempt.started_at),
        ended_at=rfc3339(attempt.ended_at),
        error=attempt.error,
    )


def delivery_view(delivery: Delivery, attempts: tuple[DeliveryAttempt, ...]) -> DeliveryView:
    """Show one delivery with its attempts."""
    return DeliveryView(
        id=delivery.id,
        event=delivery.event,
        event_id=delivery.event_id,
        endpoint=delivery.endpoint,
        url=delivery.url,
        status=delivery.status,
        attempt=delivery.attempt,
        created_at=rfc3339(delivery.created_at),
        next_at=_when_or_none(delivery.next_at),
        completed_at=_when_or_none(delivery.completed_at),
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        attempts=[_delivery_attempt_view(attempt) for attempt in attempts],
    )


def _delivery_attempt_view(attempt: DeliveryAttempt) -> DeliveryAttemptView:
    return DeliveryAttemptView(
        number=attempt.number,
        started_at=rfc3339(attempt.started_at),
        duration_ms=attempt.duration,
        status=attempt.status,
        error=attempt.error,
        response=None if attempt.response is None else attempt.response.decode(errors="replace"),
    )


def _own_key(job: Job, key: str | None) -> str | UnsetType:
    """A key as its job knows it: without the tenant and the command, which keep the stored ones apart."""
    return (
        UNSET if key is None else key.removeprefix("unique:").removeprefix(f"{job.tenant} {job.plugin}/{job.command} ")
    )


def _error(job: Job) -> ErrorInfo | UnsetType:
    # The error of an earlier attempt is history once the job has succeeded; `attempts` keeps it.
    return UNSET if job.last_error is None or job.status == "succeeded" else job.last_error


def _when(millis: int | None) -> str | UnsetType:
    return UNSET if millis is None else rfc3339(millis)


def _when_or_none(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)


def _progress(progress: Progress | None) -> ProgressView | UnsetType:
    return UNSET if progress is None else progress_view(progress)


def progress_view(progress: Progress) -> ProgressView:
    """Show how far a job is."""
    total = UNSET if progress.total is None else progress.total
    return ProgressView(done=progress.done, total=total, message=progress.message, at=rfc3339(progress.at))
