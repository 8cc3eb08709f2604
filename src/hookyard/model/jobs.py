"""A job and its attempts."""

from typing import Literal

from msgspec import Struct

from hookyard.model.retry import Retry
from hookyard.model.words import AttemptOutcome, JobStatus, Reason


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


CallbackEvent = Literal["started", "progress", "finished"]
"""What a callback URL can be told of its job."""


class Follow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job that is to follow another: the next link of a chain."""

    run: str
    """The command, as `plugin/command`. Its input is the other's result, or, after a failure, what went wrong."""
    priority: int | None = None
    """The command's own when left out."""
    tags: tuple[str, ...] = ()


class JobFailure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command that follows a failure is given: the job that failed for good, and why."""

    job_id: str
    plugin: str
    command: str
    status: Literal["failed", "timed_out"]
    reason: str
    """In one word: `attempts_exhausted`, `not_retryable`, `deadline` and their like."""
    error: ErrorInfo | None = None
    attempt: int
    """The number of its last attempt."""
    args: object = None
    """Its input."""


class JobOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What few jobs are asked for, kept together as one JSON object."""

    retry: Retry | None = None
    """Instead of the command's own; `attempts` counts for nothing here, `max_attempts` of the job does."""
    callback_events: tuple[CallbackEvent, ...] = ("finished",)
    """What the callback URL is told."""
    on_success: tuple[Follow, ...] = ()
    """What follows a success, beside what the command declares."""
    on_failure: tuple[Follow, ...] = ()
    """What follows a failure for good (`failed`, `timed_out`)."""
    after: tuple[str, ...] = ()
    """The ids of the jobs that had to succeed first."""
    depth: int = 0
    """How many jobs stand above this one, each of which called for the next or was followed by it."""


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
    """The job whose command called for this one, or that it follows in a chain, if any."""
    tenant: str = ""
    """Whose it is; of the principal."""
    affinity: str | None = None
    """What an external worker has loaded when it is best at this job, such as a model's name."""
    unique_key: str | None = None
    """While a job with this key is active, another one is not simply added; see `store.contract.Unique`."""
    concurrency_key: str | None = None
    """Of the jobs of a lane with this key at most `concurrency_limit` run at once."""
    concurrency_limit: int | None = None
    options: JobOptions | None = None

    status: JobStatus = "queued"
    reason: Reason | None = None
    attempt: int = 0
    """The number of the current or last attempt; 0 before the first."""
    result: bytes | None = None
    result_artifact: str | None = None
    """The name of the artifact that holds the result instead, since it is large."""
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
