"""What a subscriber gets to read: the body of the event that a job has ended, or of one that its command emitted.

Compact JSON, encoded once for all endpoints of a job; the job's own result goes in byte for byte.
"""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.model import QUIET_HOUSE_EVENTS, CallbackEvent, ErrorInfo, Job
from hookyard.model import Event as EmittedEvent

EVENTS: Final = {
    "succeeded": "job.succeeded",
    "failed": "job.failed",
    "timed_out": "job.timed_out",
    "cancelled": "job.cancelled",
}
"""The event of each way in which a job ends."""


CALLS: Final[dict[str, CallbackEvent]] = {"job.started": "started", "job.progress": "progress"}
"""What a callback URL may ask for, by the event that it is."""
NOTICES: Final = frozenset({"job.queued", "job.started", "job.progress"})
"""What is told of a job under way."""
QUIET: Final = NOTICES | QUIET_HOUSE_EVENTS
"""What is told to those who ask for it by its very name, since there is much of it; and it is not kept as an event."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why a job did not succeed."""

    code: str
    message: str
    details: dict[str, object] | None = None


class ProgressData(Struct, frozen=True, omit_defaults=True):
    """How far a job is."""

    done: float
    total: float | None = None
    message: str = ""


class JobData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `data` of a job's event. What does not apply is left out."""

    job_id: str
    status: str
    reason: str | None = None
    plugin: str
    command: str
    attempt: int
    """The number of the last attempt; 0 when the job was cancelled before its first."""
    tags: tuple[str, ...] = ()
    result: Raw | UnsetType = UNSET
    result_artifact: str | None = None
    """The name of the artifact that holds the result instead, since it is large."""
    result_omitted: bool = False
    """Whether the result is left out, since the body would be too large."""
    progress: ProgressData | None = None
    """Of `job.progress` only."""
    error: Failure | None = None
    submitted_at: str
    """RFC 3339, as all of these."""
    started_at: str | None = None
    completed_at: str | None = None


class EmittedData(Struct, frozen=True, kw_only=True):
    """The `data` of an event that a command emitted."""

    event_id: str
    plugin: str
    command: str
    job_id: str | UnsetType = UNSET
    """Not there for an event of Hookyard's own."""
    payload: Raw
    """What the command said, byte for byte."""
    payload_omitted: bool | UnsetType = UNSET
    """Whether that is too large to be sent; then `payload` is null."""


class Event(Struct, frozen=True):
    """The body: Standard Webhooks' three members."""

    type: str
    timestamp: str
    data: object
    """JobData or EmittedData."""


_encode = msgspec.json.Encoder().encode


def body(job: Job, now: int, *, omitted: bool = False) -> bytes:
    """The event of a job that has ended, as JSON bytes.

    Args:
        job: with a terminal status.
        now: the time of the event when the job does not say.
        omitted: whether to leave its result out, and say so.
    """
    ended = job.completed_at or now
    return _job_event(EVENTS[job.status], job, ended, completed_at=_moment(ended), omitted=omitted)


def notice_body(job: Job, event: str, now: int) -> bytes:
    """What is told of a job that has not ended, as JSON bytes.

    Args:
        job: as it is stored.
        event: one of :data:`NOTICES`.
        now: the time of the event.
    """
    said = job.progress if event == "job.progress" else None
    progress = None if said is None else ProgressData(said.done, said.total, said.message)
    return _job_event(event, job, now, progress=progress)


def _job_event(
    event: str,
    job: Job,
    at: int,
    *,
    completed_at: str | None = None,
    progress: ProgressData | None = None,
    omitted: bool = False,
) -> bytes:
    data = JobData(
        job_id=job.id,
        status=job.status,
        reason=job.reason,
        plugin=job.plugin,
        command=job.command,
        attempt=job.attempt,
        tags=job.tags,
        result=UNSET if omitted or job.result is None else Raw(job.result),
        result_artifact=job.result_artifact,
        result_omitted=omitted and job.result is not None,
        progress=progress,
        error=_failure(job.last_error) if job.status != "succeeded" and job.last_error else None,
        submitted_at=_moment(job.submitted_at),
        started_at=None if job.started_at is None else _moment(job.started_at),
        completed_at=completed_at,
    )
    return _encode(Event(event, _moment(at), data))


def event_body(event: EmittedEvent, *, omitted: bool = False) -> bytes:
    """An event that a command emitted, as JSON bytes; without what it said, if that is `omitted`."""
    data = EmittedData(
        event_id=event.id,
        plugin=event.plugin,
        command=event.command,
        job_id=event.job_id or UNSET,
        payload=Raw(b"null" if omitted else event.payload),
        payload_omitted=omitted or UNSET,
    )
    return _encode(Event(event.type, _moment(event.created_at), data))


def _failure(error: ErrorInfo) -> Failure:
    return Failure(error.code, error.message, error.details)


@lru_cache(maxsize=256)
def _moment(millis: int) -> str:
    # Jobs that run together end together: most of these have been asked for just before.
    return rfc3339(millis)
