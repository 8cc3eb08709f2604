"""What a subscriber gets to read: the body of the event that a job has ended, or of one that its command emitted.

Compact JSON, encoded once for all endpoints of a job; the job's own result goes in byte for byte.
"""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.model import ErrorInfo, Job
from hookyard.model import Event as EmittedEvent

EVENTS: Final = {
    "succeeded": "job.succeeded",
    "failed": "job.failed",
    "timed_out": "job.timed_out",
    "cancelled": "job.cancelled",
}
"""The event of each way in which a job ends."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why a job did not succeed."""

    code: str
    message: str
    details: dict[str, object] | None = None


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
    job_id: str
    payload: Raw
    """What the command said, byte for byte."""


class Event(Struct, frozen=True):
    """The body: Standard Webhooks' three members."""

    type: str
    timestamp: str
    data: object
    """JobData or EmittedData."""


_encode = msgspec.json.Encoder().encode


def body(job: Job, now: int) -> bytes:
    """The event of a job that has ended, as JSON bytes.

    Args:
        job: with a terminal status.
        now: the time of the event when the job does not say.
    """
    ended = job.completed_at or now
    data = JobData(
        job_id=job.id,
        status=job.status,
        reason=job.reason,
        plugin=job.plugin,
        command=job.command,
        attempt=job.attempt,
        tags=job.tags,
        result=UNSET if job.result is None else Raw(job.result),
        error=_failure(job.last_error) if job.status != "succeeded" and job.last_error else None,
        submitted_at=_moment(job.submitted_at),
        started_at=None if job.started_at is None else _moment(job.started_at),
        completed_at=_moment(ended),
    )
    return _encode(Event(EVENTS[job.status], _moment(ended), data))


def event_body(event: EmittedEvent) -> bytes:
    """An event that a command emitted, as JSON bytes."""
    data = EmittedData(
        event_id=event.id,
        plugin=event.plugin,
        command=event.command,
        job_id=event.job_id,
        payload=Raw(event.payload),
    )
    return _encode(Event(event.type, _moment(event.created_at), data))


def _failure(error: ErrorInfo) -> Failure:
    return Failure(error.code, error.message, error.details)


@lru_cache(maxsize=256)
def _moment(millis: int) -> str:
    # Jobs that run together end together: most of these have been asked for just before.
    return rfc3339(millis)
