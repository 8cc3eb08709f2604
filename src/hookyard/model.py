"""The nouns of Hookyard as they are stored and sent.

Times are integer milliseconds since 1970-01-01 UTC, ids are UUIDv7 text, bodies are JSON bytes.
"""

from typing import Final, Literal

from msgspec import Struct

YEAR: Final = 366 * 86_400
"""Seconds: the longest that a job may take or be put off. What is longer is a mistake, and would not fit the store."""

JobStatus = Literal["queued", "running", "succeeded", "failed", "timed_out", "cancelled"]
"""Where a job is in its life. The last four are terminal and never change again."""

TerminalStatus = Literal["succeeded", "failed", "timed_out", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "timed_out", "cancelled"})

Reason = Literal[
    "plugin_error",
    "invalid_input",
    "invalid_output",
    "attempts_exhausted",
    "not_retryable",
    "retry_later",
    "command_missing",
    "worker_lost",
    "deadline",
    "released",
    "cancelled_by_user",
]
"""Why a job is where it is, in one word."""

DeliveryStatus = Literal["pending", "sending", "delivered", "failed"]
"""`sending` is leased by a courier; `delivered` and `failed` are terminal."""

AttemptOutcome = Literal["succeeded", "failed", "timed_out", "cancelled", "released", "lost"]
"""How one attempt ended; `released` gave its lease back, `lost` never came back."""

LogLevel = Literal["debug", "info", "warning", "error"]
"""How important a line of a job's log is."""


class ErrorInfo(Struct, frozen=True, omit_defaults=True):
    """What is kept, and shown, of an attempt that did not succeed."""

    code: str
    message: str
    retryable: bool = False
    details: dict[str, object] | None = None


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far a running job is, in whatever its command counts."""

    done: float
    total: float | None = None
    """What `done` will be at the end; None when that is not known."""
    message: str = ""
    at: int = 0
    """When it was said."""


class LogLine(Struct, frozen=True, kw_only=True):
    """One line that a job's command logged: a row of `job_line`."""

    job_id: str
    number: int = 0
    """Counted from 1 within the job; given by the store."""
    attempt: int
    at: int
    level: LogLevel
    event: str
    values: bytes = b"{}"
    """What belongs to it, as a JSON object."""


class Event(Struct, frozen=True, kw_only=True):
    """A named fact that a plugin emitted: a row of `event_log`."""

    id: str
    type: str
    plugin: str
    command: str
    job_id: str
    request_id: str = ""
    payload: bytes
    """JSON."""
    dedupe_key: str | None = None
    created_at: int


class StateEntry(Struct, frozen=True, kw_only=True):
    """What a plugin keeps under one key: a row of `plugin_state`."""

    key: str
    value: bytes
    """JSON."""
    version: int
    """Greater than that of every earlier value of this key, also of one that was deleted since."""


class StateChange(Struct, frozen=True, kw_only=True):
    """What is to be kept under one key, written with the commit that ends a job."""

    plugin: str
    key: str
    value: bytes | None
    """JSON; None deletes."""


class Artifact(Struct, frozen=True, kw_only=True):
    """A named blob of a job; what it holds is in the object store."""

    job_id: str
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hex."""
    location: str
    """Its key in the object store."""
    created_at: int


class Job(Struct, frozen=True, kw_only=True):
    """One durable request to run a command: a row of `job_log`."""

    id: str
    plugin: str
    command: str
    lane: str
    args: bytes
    """The command's input as JSON, verbatim as it was accepted."""
    submitted_at: int
    run_at: int
    """Not to be started before."""
    priority: int = 0
    """Higher runs first."""
    max_attempts: int = 4
    timeout: int | None = None
    """Milliseconds one attempt may take, where the caller asked for other than the command's own."""
    principal: str = ""
    """Who asked: `token:ci`, `source:github`."""
    source: str | None = None
    """The configured source it came in by, if any."""
    request_id: str = ""
    callback_url: str | None = None
    tags: tuple[str, ...] = ()
    parent: str | None = None
    """The job whose command called for this one, if any."""

    status: JobStatus = "queued"
    reason: Reason | None = None
    attempt: int = 0
    """The number of the current or last attempt; 0 before the first."""
    result: bytes | None = None
    last_error: ErrorInfo | None = None
    progress: Progress | None = None
    """What its command last said of it."""
    cancel_requested: bool = False
    lease_token: int | None = None
    lease_expires_at: int | None = None
    worker: str | None = None
    started_at: int | None = None
    """When the current or last attempt began."""
    completed_at: int | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One ended run of a job: a row of `attempt_log`."""

    job_id: str
    number: int
    outcome: AttemptOutcome
    worker: str
    started_at: int
    ended_at: int
    error: ErrorInfo | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """One event for one endpoint: a row of `delivery`."""

    id: str
    """Also the `webhook-id` of every attempt."""
    job_id: str | None
    request_id: str = ""
    """Of the request that made the job, for the log."""
    event: str
    endpoint: str | None
    """The configured endpoint's name; None for a callback URL."""
    url: str | None
    """The callback URL; None when the endpoint's own is to be used."""
    body: bytes
    """What is sent, byte for byte, on every attempt."""
    created_at: int
    status: DeliveryStatus = "pending"
    attempt: int = 0
    next_at: int | None = None
    """When the next attempt is due; None once terminal."""
    lease_token: int | None = None
    lease_expires_at: int | None = None
    last_status: int | None = None
    """HTTP status of the last answer; None when there was none."""
    last_error: str | None = None
    completed_at: int | None = None


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """One try at a delivery: a row of `delivery_attempt`."""

    delivery_id: str
    number: int
    started_at: int
    duration: int
    """Milliseconds."""
    status: int | None
    """HTTP status; None when no answer came."""
    error: str | None
    response: bytes | None
    """The first bytes of the answer's body."""
