"""How a job is to be run, and what may go wrong: the first half of what is copied into every generated client."""

import datetime  # noqa: ICN001  as the generated types call it
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypedDict

from msgspec import Struct

JobStatus = Literal["queued", "running", "succeeded", "failed", "timed_out", "cancelled"]


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
    callback_url: str
    """Where the signed outcome is sent."""
    tags: Sequence[str]
    """Words to find it by."""


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
    """The job that an idempotency key stands for."""


class JobError(Struct, frozen=True):
    """Why a job did not succeed."""

    code: str = ""
    message: str = ""
    details: Any = None


class GatewayError(Exception):
    """The root of everything raised here but what httpx raises."""


class ProblemError(GatewayError):
    """The server refused the request. The subclasses are the statuses that programs tell apart."""

    STATUSES: ClassVar[tuple[int, ...]] = ()

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
    """The idempotency key was used for another body."""

    STATUSES = (409,)


class UnavailableError(ProblemError):
    """Too many requests, or the server cannot take one now; nothing was done."""

    STATUSES = (429, 503)


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
