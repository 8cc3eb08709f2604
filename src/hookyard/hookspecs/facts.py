"""What has happened: what the observers `job_started`, `job_finished`, `delivery_finished`, `event_emitted` are told.

Times are milliseconds since 1970-01-01 UTC.
"""

from typing import Literal

from msgspec import Struct

from hookyard.model import ErrorInfo, Reason, TerminalStatus


class JobStarted(Struct, frozen=True, kw_only=True):
    """An attempt of a job begins to run."""

    job_id: str
    plugin: str
    command: str
    attempt: int = 1
    """Counted from 1."""
    max_attempts: int = 1
    submitted_at: int = 0
    started_at: int | None = None
    """When this attempt began."""
    principal: str = ""
    source: str | None = None
    request_id: str = ""
    tags: tuple[str, ...] = ()
    parent: str | None = None


class JobFinished(Struct, frozen=True, kw_only=True):
    """A job has reached a terminal state, and that is on disk."""

    job_id: str
    plugin: str
    command: str
    status: TerminalStatus
    reason: Reason | None = None
    attempt: int = 1
    """How many attempts it took."""
    error: ErrorInfo | None = None
    submitted_at: int = 0
    """Times are milliseconds since 1970-01-01 UTC."""
    started_at: int | None = None
    completed_at: int | None = None
    principal: str = ""
    source: str | None = None
    request_id: str = ""
    tags: tuple[str, ...] = ()


class DeliveryFinished(Struct, frozen=True, kw_only=True):
    """An outgoing webhook has arrived, or is given up, and that is on disk."""

    delivery_id: str
    """Also its `webhook-id`."""
    event: str
    """Such as `job.succeeded`."""
    status: Literal["delivered", "failed"]
    endpoint: str | None = None
    """The configured endpoint's name; None for a callback URL, which is not told: it may hold a secret."""
    job_id: str | None = None
    request_id: str = ""
    attempt: int = 1
    """How many attempts it took."""
    http_status: int | None = None
    """Of the last answer; None when there was none."""
    error: str | None = None
    """Why the last attempt failed; None when it did not."""


class EventEmitted(Struct, frozen=True, kw_only=True):
    """A plugin's event is published: it was committed together with the end of its job."""

    id: str
    type: str
    plugin: str
    command: str
    job_id: str
    request_id: str = ""
    payload: bytes = b"null"
    """JSON; `msgspec.json.decode(event.payload, type=...)` reads it."""
    created_at: int = 0
