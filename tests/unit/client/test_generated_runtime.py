"""What every generated client does on the wire: waiting, polling, refusals, and which requests it repeats."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import Struct

from hookyard.client.generate import runtime
from hookyard.client.generate.problems import (
    ConflictError,
    DependencyFailedError,
    FollowOptions,
    ForbiddenError,
    InvalidRequestError,
    JobFailedError,
    LaneFullError,
    NotFoundError,
    Options,
    ProblemError,
    RateLimitedError,
    RetryOptions,
    UnauthenticatedError,
    UnavailableError,
    UnexpectedAnswerError,
    UniqueOptions,
    WaitTimeoutError,
)
from hookyard.client.generate.runtime import AsyncBaseClient, AsyncCommand, BaseClient, Command
from hookyard.errors import CODES
from hookyard.gateway.envelope import Envelope, FollowRequest, RetryRequest, UniqueRequest, decode_envelope


class Number(Struct):
    n: int


Reply = tuple[int, object, dict[str, str]]

SPEC: Any = vars(runtime)["_Spec"]("lab/double", msgspec.json.Decoder(Number))
QUEUED: Reply = (202, {"job_id": "j", "status": "queued"}, {})
RUNNING: Reply = (200, {"job_id": "j", "status": "running"}, {})
DONE: Reply = (200, {"job_id": "j", "status": "succeeded", "result": {"n": 4}}, {})
BUSY: Reply = (503, {"status": 503, "code": "busy", "retryable": True, "request_id": "r"}, {"retry-after": "7"})


class Wire:
    """Answers in turn, the last answer for ever, and keeps what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply) -> None:
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []
        self._replies = list(replies)
        self._now = 0.0
        monkeypatch.setattr(time, "sleep", self._sleep)
        monkeypatch.setattr(time, "monotonic", lambda: self._now)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, body, headers = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return httpx.Response(status, content=content, headers=headers)

    @property
    def command(self) -> Command[Number, Number]:
        client = BaseClient("http://lab/", "secret", http=httpx.Client(transport=httpx.MockTransport(self)))
        return Command(client, SPEC)


Lay = Callable[..., Wire]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Lay:
    def lay(*replies: Reply) -> Wire:
        return Wire(monkeypatch, *replies)

    return lay


def test_a_call_asks_the_server_to_hold_and_gives_the_typed_answer(wire: Lay) -> None:
    line = wire(DONE)
    assert line.command(Number(2), wait=5, priority=3, tags=["a"], idempotency_key="k") == Number(4)
    (request,) = line.asked
    assert (request.method, str(request.url)) == ("POST", "http://lab/trigger/lab/double")
    assert request.headers["authorization"] == "Bearer secret"
    assert (request.headers["prefer"], request.headers["idempotency-key"]) == ("wait=5", "k")
    assert msgspec.json.decode(request.content) == {"payload": {"n": 2}, "priority": 3, "tags": ["a"]}


def test_what_is_not_held_to_its_end_is_polled(wire: Lay) -> None:
    line = wire(QUEUED, RUNNING, DONE)
    assert line.command(Number(2), wait=60) == Number(4)
    assert [request.url.path for request in line.asked] == ["/trigger/lab/double", "/job/j", "/job/j"]
    assert line.asked[0].headers["prefer"] == "wait=50"


def test_a_wait_that_is_over_says_so_with_the_job(wire: Lay) -> None:
    line = wire(QUEUED, RUNNING)
    with pytest.raises(WaitTimeoutError) as caught:
        line.command(Number(2), wait=1.5)
    assert caught.value.job_id == "j"
    assert sum(line.slept) == pytest.approx(1.5)


def test_a_submitted_job_is_not_waited_for_until_asked(wire: Lay) -> None:
    line = wire(QUEUED, RUNNING, DONE)
    handle = line.command.submit(Number(2), delay=3)
    assert handle.job_id == "j"
    assert "prefer" not in line.asked[0].headers
    assert handle.status() == "running"
    assert handle.wait(timeout=1) == Number(4)


def test_a_202_is_never_taken_for_the_end(wire: Lay) -> None:
    """An idempotency key that finds an ended job is answered with its status and without its result."""
    line = wire((202, {"job_id": "j", "status": "succeeded", "duplicate": True}, {}), DONE)
    assert line.command(Number(2), wait=0) == Number(4)


@pytest.mark.parametrize("status", ["failed", "timed_out", "cancelled"])
def test_a_job_that_did_not_succeed_is_an_error_with_its_reason(wire: Lay, status: str) -> None:
    error = {"code": "no", "message": "No.", "details": {"n": 1}}
    line = wire((200, {"job_id": "j", "status": status, "error": error}, {}))
    with pytest.raises(JobFailedError) as caught:
        line.command(Number(2))
    assert (caught.value.job_id, caught.value.status, caught.value.code) == ("j", status, "no")
    assert caught.value.details == {"n": 1}
    assert "No." in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (413, InvalidRequestError),
        (401, UnauthenticatedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (429, UnavailableError),
        (503, UnavailableError),
        (500, ProblemError),
    ],
)
def test_a_refusal_is_an_error_of_its_own_kind(wire: Lay, status: int, kind: type[ProblemError]) -> None:
    body = {"status": status, "code": "word", "detail": "Why.", "retryable": True, "request_id": "r", "path": "$.a"}
    with pytest.raises(ProblemError) as caught:
        wire((status, body, {})).command(Number(2))
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.retryable, error.request_id) == (status, "word", True, "r")
    assert error.problem.path == "$.a"
    assert str(error) == f"{status} word: Why."


@pytest.mark.parametrize(
    ("status", "code", "kind", "wider"),
    [
        (409, "dependency_failed", DependencyFailedError, ConflictError),
        (429, "rate_limited", RateLimitedError, UnavailableError),
        (503, "lane_full", LaneFullError, UnavailableError),
    ],
)
def test_a_code_that_programs_tell_apart_has_an_error_of_its_own(
    wire: Lay, status: int, code: str, kind: type[ProblemError], wider: type[ProblemError]
) -> None:
    with pytest.raises(wider) as caught:
        wire((status, {"status": status, "code": code, "job_id": "j"}, {})).command(Number(2))
    assert type(caught.value) is kind
    assert code in CODES
    assert CODES[code].status == status
    assert caught.value.problem.job_id == "j"


def test_every_option_of_a_trigger_is_one_of_the_client() -> None:
    asked = {each.name for each in msgspec.structs.fields(Envelope)} - {"payload"}
    assert Options.__annotations__.keys() == asked | {"idempotency_key"}
    for typed, struct in (
        (UniqueOptions, UniqueRequest),
        (RetryOptions, RetryRequest),
        (FollowOptions, FollowRequest),
    ):
        assert typed.__annotations__.keys() == {each.name for each in msgspec.structs.fields(struct)}


def test_options_that_hold_options_are_sent_as_the_server_reads_them(wire: Lay) -> None:
    line = wire(QUEUED)
    line.command.submit(
        Number(2),
        unique={"key": "nightly", "policy": "replace"},
        retry={"attempts": 3, "base": 0.5, "on": ["busy"]},
        affinity="model",
        callback_url="https://example.com/",
        callback_events=["started", "finished"],
        on_success=[{"run": "lab/other", "priority": 2}],
        on_failure=[{"run": "lab/tell", "tags": ["bad"]}],
        after=["j0"],
    )
    payload, envelope = decode_envelope(line.asked[0].content)
    assert isinstance(envelope, Envelope)
    assert (bytes(payload), envelope.after, envelope.affinity) == (b'{"n":2}', ("j0",), "model")
    assert envelope.unique == UniqueRequest("nightly", "replace")
    assert envelope.retry == RetryRequest(attempts=3, base=0.5, on=("busy",))
    assert envelope.callback_events == ("started", "finished")
    assert envelope.on_success == (FollowRequest("lab/other", 2),)
    assert envelope.on_failure == (FollowRequest("lab/tell", tags=("bad",)),)


def test_a_look_at_a_job_waits_out_a_rate_limit(wire: Lay) -> None:
    line = wire((429, {"status": 429, "code": "rate_limited"}, {"retry-after": "3"}), DONE)
    assert line.command.job("j").wait() == Number(4)
    assert line.slept == [3.0]


def test_with_a_key_a_503_is_repeated_after_what_it_says(wire: Lay) -> None:
    line = wire(BUSY, BUSY, DONE)
    assert line.command(Number(2), idempotency_key="k") == Number(4)
    assert line.slept == [7.0, 7.0]
    assert len({request.content for request in line.asked}) == 1


def test_without_a_key_nothing_is_repeated(wire: Lay) -> None:
    line = wire(BUSY, DONE)
    with pytest.raises(UnavailableError) as caught:
        line.command(Number(2))
    assert caught.value.retry_after == 7.0
    assert len(line.asked) == 1


@pytest.mark.parametrize(
    "reply", [(503, {"status": 503}, {}), (429, {"status": 429}, {}), (500, {"status": 500}, {"retry-after": "1"})]
)
def test_what_is_no_503_or_429_with_retry_after_is_not_repeated(wire: Lay, reply: Reply) -> None:
    line = wire(reply, DONE)
    with pytest.raises(ProblemError):
        line.command(Number(2), idempotency_key="k")
    assert len(line.asked) == 1


def test_it_gives_up_after_some_repetitions(wire: Lay) -> None:
    line = wire(BUSY)
    with pytest.raises(UnavailableError):
        line.command(Number(2), idempotency_key="k")
    assert len(line.asked) == 5


def test_looking_at_a_job_is_always_safe_to_repeat(wire: Lay) -> None:
    line = wire(BUSY, DONE)
    assert line.command.job("j").wait() == Number(4)


def test_what_is_no_answer_of_hookyards_is_said(wire: Lay) -> None:
    with pytest.raises(UnexpectedAnswerError, match="502 from http://lab/trigger/lab/double"):
        wire((502, b"<html>bad gateway", {})).command(Number(2))
    other: Reply = (200, {"job_id": "j", "status": "succeeded", "result": {"n": "four"}}, {})
    with pytest.raises(UnexpectedAnswerError, match="another type"):
        wire(other).command(Number(2))


def test_a_client_that_was_given_is_left_open_and_its_own_is_closed() -> None:
    given = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with BaseClient("http://lab", http=given):
        pass
    assert not given.is_closed
    given.close()
    own = BaseClient("http://lab")
    with own:
        pass
    assert vars(own)["_http"].is_closed


def test_the_async_client_waits_polls_and_repeats_alike(wire: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    line = wire(BUSY, QUEUED, RUNNING, DONE)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def call() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(line))
        async with http, AsyncBaseClient("http://lab", http=http) as client:
            command: AsyncCommand[Number, Number] = AsyncCommand(client, SPEC)
            with monkeypatch.context() as patch:
                patch.setattr(asyncio, "sleep", sleep)
                handle = await command.submit(Number(2), idempotency_key="k")
                assert await handle.status() == "running"
                assert await handle.wait(1) == Number(4)
                assert await command(Number(2)) == Number(4)

    asyncio.run(call())
    assert slept[0] == 7.0
