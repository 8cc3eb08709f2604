"""What every generated client has, whatever the commands: it is copied into the module as it stands here."""

import asyncio
import math
import time
from typing import Any, Final, Generic, Self, TypeVar, Unpack

import httpx
import msgspec
from msgspec import Raw, Struct

from hookyard.client.generate.problems import (
    JobError,
    JobFailedError,
    JobStatus,
    Options,
    Problem,
    ProblemError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)

_In = TypeVar("_In", bound=Struct)
_Out = TypeVar("_Out")

_LONGEST_HOLD: Final = 50.0
"""Seconds one request asks to be held; what is left of the wait is polled."""
_LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts at a request, whatever the server says."""
_ACCEPTED: Final = 202
_LATER: Final = (429, 503)
"""Statuses of requests that did nothing and may be sent again, where the server says when."""
_encode: Final = msgspec.json.Encoder().encode


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
    raise _kind(found)(found, _retry_after(response))


def _kind(problem: Problem) -> type[ProblemError]:
    """Which error it is: of its code where that has one of its own, else of its status."""
    matching = (each for each in ProblemError.__subclasses__() if problem.status in each.STATUSES)
    kind = next(matching, ProblemError)
    return next((each for each in kind.__subclasses__() if problem.code and problem.code == each.CODE), kind)


def _pause_before_retry(response: httpx.Response, request: _Request, attempt: int, retries: int) -> float | None:
    """Seconds until the request is sent again; None when it is not: only what is safe, and only when told to."""
    after = _retry_after(response)
    if response.status_code not in _LATER or after is None:
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
        retries: how often a safe request is repeated that was answered 429 or 503 with `Retry-After`.
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
        retries: how often a safe request is repeated that was answered 429 or 503 with `Retry-After`.
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
