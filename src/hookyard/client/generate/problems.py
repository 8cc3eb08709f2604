"""How a job is to be run, and what may go wrong: the first half of what is copied into every generated client."""

import datetime  # noqa: ICN001  as the generated types call it
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Required, TypedDict

from msgspec import Struct

JobStatus = Literal["queued", "running", "succeeded", "failed", "timed_out", "cancelled"]


class UniqueOptions(TypedDict, total=False):
    """What becomes of a job while others of the command with the same key are active."""

    key: str
    """Left out, the input itself is the key."""
    policy: Literal["skip", "replace", "queue"]
    """`skip` (the default) answers with the active one, `replace` cancels those that are queued, `queue` lets one run
    at a time."""


class RetryOptions(TypedDict, total=False):
    """How often a job is tried and how long the waits are; what is left out is the command's own."""

    attempts: int
    """Not together with `max_attempts`, which is the same."""
    base: float
    """Seconds: the longest wait after the first attempt."""
    factor: float
    """By what the longest wait grows with every attempt."""
    cap: float
    """Seconds: no wait is longer."""
    jitter: bool
    """Without it every wait is the longest one."""
    on: Sequence[str]
    """Only failures with one of these codes are tried again."""
    not_on: Sequence[str]
    """Failures with one of these codes end the job at once."""


class FollowOptions(TypedDict, total=False):
    """A job that follows another."""

    run: Required[str]
    """The command, as `plugin/command`."""
    priority: int
    tags: Sequence[str]


class Options(TypedDict, total=False):
    """How a job is to be run; everything may be left out."""

    idempotency_key: str
    """The same key and body make one job, however often they are sent. Only with one is a trigger repeated."""
    priority: int
    """Higher runs first."""
    delay: float
    """Seconds until it may start; not together with `run_at`."""
    run_at: datetime.datetime
    """Not to be started before; with an offset."""
    max_attempts: int
    """How often it is tried in all."""
    timeout: float
    """Seconds one attempt may take."""
    retry: RetryOptions
    """Instead of the command's own."""
    unique: UniqueOptions
    """Look for equal jobs that are queued or running."""
    debounce: float
    """Seconds: a later call within this time gives its input to the job that waits already, and puts it off anew."""
    affinity: str
    """What a worker has loaded when it is best at this job."""
    callback_url: str
    """Where the signed outcome is sent."""
    callback_events: Sequence[Literal["started", "progress", "finished"]]
    """What is sent there: `finished`, if left out."""
    on_success: Sequence[FollowOptions]
    """What is run after a success, with the result as input."""
    on_failure: Sequence[FollowOptions]
    """What is run after a failure for good, with what went wrong as input."""
    after: Sequence[str]
    """The ids of jobs that have to succeed first."""
    tags: Sequence[str]
    """Words to find it by."""
    tenant: str
    """Whose the job is; a caller without a tenant may name any."""


class Problem(Struct, frozen=True):
    """What the server says of a request that it refuses (RFC 9457)."""

    status: int
    title: str = ""
    detail: str = ""
    code: str = ""
    """A word that a program can act on."""
    retryable: bool = False
    """Whether the same request may succeed later, unchanged."""
    request_id: str = ""
    """By which the server's log knows it."""
    path: str | None = None
    """The JSON path of what was wrong in the body."""
    job_id: str | None = None
    """The job that an idempotency key stands for, or that had to succeed first."""


class JobError(Struct, frozen=True):
    """Why a job did not succeed."""

    code: str = ""
    message: str = ""
    details: Any = None


class GatewayError(Exception):
    """The root of everything raised here but what httpx raises."""


class ProblemError(GatewayError):
    """The server refused the request. The subclasses are the statuses and codes that programs tell apart."""

    STATUSES: ClassVar[tuple[int, ...]] = ()
    CODE: ClassVar[str] = ""
    """Of one that stands for a single code."""

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail or problem.title}")
        self.problem = problem
        self.code = problem.code
        self.status = problem.status
        self.retryable = problem.retryable
        self.request_id = problem.request_id
        self.retry_after = retry_after
        """Seconds after which trying again makes sense, if the server said so."""


class InvalidRequestError(ProblemError):
    """The request or its body is not what the server takes; `problem.path` is the place."""

    STATUSES = (400, 413, 415, 422, 431)


class UnauthenticatedError(ProblemError):
    """No valid token came with the request."""

    STATUSES = (401,)


class ForbiddenError(ProblemError):
    """The token does not allow this."""

    STATUSES = (403,)


class NotFoundError(ProblemError):
    """There is no such command or job."""

    STATUSES = (404, 410)


class ConflictError(ProblemError):
    """Something that is there is in the way: an idempotency key that was used for another body."""

    STATUSES = (409,)


class DependencyFailedError(ConflictError):
    """A job named in `after` has ended otherwise than by success; `problem.job_id` is which."""

    CODE = "dependency_failed"


class UnavailableError(ProblemError):
    """Too many requests, or the server cannot take one now; nothing was done."""

    STATUSES = (429, 503)


class RateLimitedError(UnavailableError):
    """Too many requests of this token or from this address; `retry_after` says when there is room again."""

    CODE = "rate_limited"


class LaneFullError(UnavailableError):
    """As many jobs of the command are queued as may be."""

    CODE = "lane_full"


class UnexpectedAnswerError(GatewayError):
    """Something answered that is no Hookyard, or one of another version."""


class JobFailedError(GatewayError):
    """The job ended, and did not succeed."""

    def __init__(self, job_id: str, status: JobStatus, error: JobError) -> None:
        super().__init__(f"job {job_id} {status}: {error.code}: {error.message}")
        self.job_id = job_id
        self.status = status
        self.code = error.code
        self.details = error.details


class WaitTimeoutError(GatewayError, TimeoutError):
    """The job has not ended yet; it goes on, and `job_id` finds it again."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} has not ended yet")
        self.job_id = job_id
