"""What every generated client has, whatever the commands: it is copied into the module as it stands here."""

import asyncio
import datetime  # noqa: ICN001  as the generated types call it
import math
import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypedDict, TypeVar, Unpack

import httpx
import msgspec
from msgspec import Raw, Struct

_In = TypeVar("_In", bound=Struct)
_Out = TypeVar("_Out")

JobStatus = Literal["queued", "running", "succeeded", "failed", "timed_out", "cancelled"]

_LONGEST_HOLD: Final = 50.0
"""Seconds one request asks to be held; what is left of the wait is polled."""
_LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts at a request, whatever the server says."""
_ACCEPTED: Final = 202
_UNAVAILABLE: Final = 503
_encode: Final = msgspec.json.Encoder().encode


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


# --- what the sync and the async client share ---------------------------------------------------------------------


class _Job(Struct, frozen=True):
    """A job, as far as a caller follows it."""

    job_id: str
    status: JobStatus
    result: Raw = Raw(b"null")
    error: JobError = JobError()

    @property
    def has_ended(self) -> bool:
        """Whether its status is its last."""
        return self.status not in {"queued", "running"}


class _Spec(Generic[_In, _Out]):
    """One command: its place and the decoder of its answer."""

    def __init__(self, path: str, decoder: "msgspec.json.Decoder[_Out]") -> None:
        self.path = path
        self._decoder = decoder

    def outcome(self, job: _Job) -> _Out:
        """The answer of a job that has ended.

        Raises:
            JobFailedError: it did not succeed.
            UnexpectedAnswerError: the answer is of another type than this module was made for.
        """
        if job.status != "succeeded":
            raise JobFailedError(job.job_id, job.status, job.error)
        try:
            return self._decoder.decode(job.result)
        except msgspec.ValidationError as error:
            msg = f"job {job.job_id}: the answer is of another type than this client knows: {error}"
            raise UnexpectedAnswerError(msg) from error


class _Request(Struct, frozen=True):
    """One HTTP request, and whether sending it twice is the same as once."""

    method: str
    path: str
    content: bytes | None = None
    headers: dict[str, str] = {}
    is_safe: bool = True
    hold: float = 0.0
    """Seconds the server may hold the answer."""

    @property
    def timeout(self) -> httpx.Timeout:
        """What the client grants it."""
        return httpx.Timeout(10.0, read=self.hold + 20.0)


def _trigger_request(path: str, data: Struct, options: Options, wait: float) -> _Request:
    """The request that makes a job."""
    fields: dict[str, object] = {"payload": data, **options}
    key = fields.pop("idempotency_key", None)
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["idempotency-key"] = f"{key}"
    hold = float(min(math.ceil(wait), _LONGEST_HOLD)) if wait > 0 else 0.0
    if hold:
        headers["prefer"] = f"wait={hold:.0f}"
    return _Request("POST", f"/trigger/{path}", _encode(fields), headers, is_safe=key is not None, hold=hold)


def _read_job(response: httpx.Response) -> _Job:
    """The job that an answer tells of.

    Raises:
        ProblemError: the request was refused.
        UnexpectedAnswerError: the answer is none of Hookyard's.
    """
    found: _Job | Problem
    try:
        if response.is_success:
            found = msgspec.json.decode(response.content, type=_Job)
        else:
            found = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError as error:
        msg = f"{response.status_code} from {response.request.url} is no answer of Hookyard's: {response.text[:200]!r}"
        raise UnexpectedAnswerError(msg) from error
    if isinstance(found, _Job):
        # A 202 comes without the result, also for a job that an idempotency key has found at its end.
        return _Job(found.job_id, "queued") if response.status_code == _ACCEPTED else found
    matching = (each for each in ProblemError.__subclasses__() if found.status in each.STATUSES)
    raise next(matching, ProblemError)(found, _retry_after(response))


def _pause_before_retry(response: httpx.Response, request: _Request, attempt: int, retries: int) -> float | None:
    """Seconds until the request is sent again; None when it is not: only what is safe, and only when told to."""
    after = _retry_after(response)
    if response.status_code != _UNAVAILABLE or after is None:
        return None
    return min(after, _LONGEST_PAUSE) if request.is_safe and attempt < retries else None


def _retry_after(response: httpx.Response) -> float | None:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() else None


def _poll_pause(turn: int) -> float:
    return min(0.05 * 1.6 ** min(turn, 20), 2.0)


# --- sync ---------------------------------------------------------------------------------------------------------


class BaseClient:
    """Calls a gateway; close it, or use it in a `with`.

    Args:
        base_url: where the gateway is, such as `http://127.0.0.1:8420`.
        token: a bearer token that may trigger the commands.
        http: the client to send by, with a proxy or certificates of its own; it is not closed here.
        retries: how often a safe request is repeated that was answered 503 with `Retry-After`.
    """

    def __init__(
        self, base_url: str, token: str | None = None, *, http: httpx.Client | None = None, retries: int = 4
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._http = httpx.Client() if http is None else http
        self._owns = http is None
        self._retries = retries

    def send(self, request: _Request) -> _Job:
        """Send one request, again where that is safe."""
        attempt = 0
        while True:
            response = self._http.request(
                request.method,
                f"{self._base}{request.path}",
                content=request.content,
                headers={**self._headers, **request.headers},
                timeout=request.timeout,
            )
            pause = _pause_before_retry(response, request, attempt, self._retries)
            if pause is None:
                return _read_job(response)
            time.sleep(pause)
            attempt += 1

    def close(self) -> None:
        """Close the connections."""
        if self._owns:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class JobHandle(Generic[_Out]):
    """A job that is on disk, and the type of its answer."""

    def __init__(self, client: BaseClient, spec: _Spec[Any, _Out], job_id: str) -> None:
        self._client = client
        self._spec = spec
        self.job_id: Final = job_id

    def status(self) -> JobStatus:
        """How it stands."""
        return self._look().status

    def wait(self, timeout: float | None = None) -> _Out:
        """Its answer, once it has ended.

        Args:
            timeout: seconds to wait; None waits for ever.

        Raises:
            JobFailedError: it ended and did not succeed.
            WaitTimeoutError: it has not ended in time, and goes on.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        turn = 0
        while not (job := self._look()).has_ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(self.job_id)
            time.sleep(min(_poll_pause(turn), left))
            turn += 1
        return self._spec.outcome(job)

    def _look(self) -> _Job:
        return self._client.send(_Request("GET", f"/job/{self.job_id}"))


class Command(Generic[_In, _Out]):
    """One command: call it for its answer, or `submit` it and go on."""

    def __init__(self, client: BaseClient, spec: _Spec[_In, _Out]) -> None:
        self._client = client
        self._spec = spec

    def __call__(self, data: _In, *, wait: float = 60.0, **options: Unpack[Options]) -> _Out:
        """Run it and wait for its answer.

        Args:
            data: the input.
            wait: seconds to wait for the end.
            **options: how the job is to be run; see `Options`.

        Raises:
            ProblemError: the request was refused.
            JobFailedError: the job ended and did not succeed.
            WaitTimeoutError: it has not ended in time, and goes on.
        """
        begun = time.monotonic()
        job = self._client.send(_trigger_request(self._spec.path, data, options, wait))
        if job.has_ended:
            return self._spec.outcome(job)
        return self.job(job.job_id).wait(max(0.0, wait - (time.monotonic() - begun)))

    def submit(self, data: _In, **options: Unpack[Options]) -> JobHandle[_Out]:
        """Store a job that runs it; returns once that is on disk.

        Raises:
            ProblemError: the request was refused.
        """
        return self.job(self._client.send(_trigger_request(self._spec.path, data, options, 0.0)).job_id)

    def job(self, job_id: str) -> JobHandle[_Out]:
        """An earlier job of this command."""
        return JobHandle(self._client, self._spec, job_id)


# --- async --------------------------------------------------------------------------------------------------------


class AsyncBaseClient:
    """Calls a gateway from an event loop; close it, or use it in an `async with`.

    Args:
        base_url: where the gateway is, such as `http://127.0.0.1:8420`.
        token: a bearer token that may trigger the commands.
        http: the client to send by, with a proxy or certificates of its own; it is not closed here.
        retries: how often a safe request is repeated that was answered 503 with `Retry-After`.
    """

    def __init__(
        self, base_url: str, token: str | None = None, *, http: httpx.AsyncClient | None = None, retries: int = 4
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient() if http is None else http
        self._owns = http is None
        self._retries = retries

    async def send(self, request: _Request) -> _Job:
        """Send one request, again where that is safe."""
        attempt = 0
        while True:
            response = await self._http.request(
                request.method,
                f"{self._base}{request.path}",
                content=request.content,
                headers={**self._headers, **request.headers},
                timeout=request.timeout,
            )
            pause = _pause_before_retry(response, request, attempt, self._retries)
            if pause is None:
                return _read_job(response)
            await asyncio.sleep(pause)
            attempt += 1

    async def aclose(self) -> None:
        """Close the connections."""
        if self._owns:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class AsyncJobHandle(Generic[_Out]):
    """A job that is on disk, and the type of its answer."""

    def __init__(self, client: AsyncBaseClient, spec: _Spec[Any, _Out], job_id: str) -> None:
        self._client = client
        self._spec = spec
        self.job_id: Final = job_id

    async def status(self) -> JobStatus:
        """How it stands."""
        return (await self._look()).status

    async def wait(self, timeout: float | None = None) -> _Out:  # noqa: ASYNC109  the same words as the sync one
        """Its answer, once it has ended.

        Args:
            timeout: seconds to wait; None waits for ever.

        Raises:
            JobFailedError: it ended and did not succeed.
            WaitTimeoutError: it has not ended in time, and goes on.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        turn = 0
        while not (job := await self._look()).has_ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(self.job_id)
            await asyncio.sleep(min(_poll_pause(turn), left))
            turn += 1
        return self._spec.outcome(job)

    async def _look(self) -> _Job:
        return await self._client.send(_Request("GET", f"/job/{self.job_id}"))


class AsyncCommand(Generic[_In, _Out]):
    """One command: await a call for its answer, or `submit` it and go on."""

    def __init__(self, client: AsyncBaseClient, spec: _Spec[_In, _Out]) -> None:
        self._client = client
        self._spec = spec

    async def __call__(self, data: _In, *, wait: float = 60.0, **options: Unpack[Options]) -> _Out:
        """Run it and wait for its answer.

        Args:
            data: the input.
            wait: seconds to wait for the end.
            **options: how the job is to be run; see `Options`.

        Raises:
            ProblemError: the request was refused.
            JobFailedError: the job ended and did not succeed.
            WaitTimeoutError: it has not ended in time, and goes on.
        """
        begun = time.monotonic()
        job = await self._client.send(_trigger_request(self._spec.path, data, options, wait))
        if job.has_ended:
            return self._spec.outcome(job)
        return await self.job(job.job_id).wait(max(0.0, wait - (time.monotonic() - begun)))

    async def submit(self, data: _In, **options: Unpack[Options]) -> AsyncJobHandle[_Out]:
        """Store a job that runs it; returns once that is on disk.

        Raises:
            ProblemError: the request was refused.
        """
        job = await self._client.send(_trigger_request(self._spec.path, data, options, 0.0))
        return self.job(job.job_id)

    def job(self, job_id: str) -> AsyncJobHandle[_Out]:
        """An earlier job of this command."""
        return AsyncJobHandle(self._client, self._spec, job_id)
