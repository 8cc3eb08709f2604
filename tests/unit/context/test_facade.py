"""What a command is handed, in both of its forms."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx
from msgspec import Raw, Struct

from hookyard import CallError, Cancelled, Context, ContextError, JobInfo, SecretUnavailable, SyncContext
from hookyard.context import CancelFlag
from hookyard.context.events import MOST_BYTES, MOST_EVENTS
from hookyard.context.messages import CallCommand, CallDone, LogNote, ProgressNote
from hookyard.context.port import Port
from hookyard.model import ErrorInfo
from hookyard.testing import FakeContext, FakePort, FakeSyncContext

INFO = JobInfo(id="1", plugin="lab", command="one")
Kind = Callable[..., Context[Any] | SyncContext[Any]]
Fake = Callable[..., FakeContext[Any] | FakeSyncContext[Any]]
kinds = pytest.mark.parametrize("kind", [Context, SyncContext])
fakes = pytest.mark.parametrize("fake", [FakeContext, FakeSyncContext])


class Paid(Struct):
    amount: int


def nothing() -> Port:
    raise AssertionError("the port was opened")


@kinds
def test_a_context_knows_the_job_and_the_configuration_and_opens_nothing_for_it(kind: Kind) -> None:
    ctx = kind("settings", INFO, CancelFlag(), nothing)
    assert ctx.job is INFO
    assert ctx.config == "settings"
    assert not ctx.cancelled


@kinds
def test_a_cancelled_job_is_seen_and_raised(kind: Kind) -> None:
    flag = CancelFlag()
    ctx = kind(None, INFO, flag, nothing)
    before = ctx.cancelled
    ctx.raise_if_cancelled()
    flag.set()
    assert (before, ctx.cancelled) == (False, True)
    with pytest.raises(Cancelled, match="cancelled or its time is up"):
        ctx.raise_if_cancelled()


@kinds
def test_the_port_is_opened_once_and_only_when_something_of_it_is_used(kind: Kind) -> None:
    ports: list[FakePort] = []

    def open_port() -> Port:
        ports.append(FakePort())
        return ports[-1]

    ctx = kind(None, INFO, CancelFlag(), open_port)
    assert ports == []
    assert ctx.log is ctx.log
    assert ctx.state is ctx.state
    ctx.progress(1)
    assert len(ports) == 1


@fakes
def test_lines_carry_their_level_and_their_values(fake: Fake) -> None:
    ctx = fake()
    ctx.log.debug("a.b", n=1)
    ctx.log.info("a.b")
    ctx.log.warning("a.b")
    ctx.log.error("a.b", deep={"x": [1, None, "t"]})
    assert [line.level for line in ctx.host.lines] == ["debug", "info", "warning", "error"]
    assert ctx.host.lines[0] == LogNote("debug", "a.b", {"n": 1})
    assert ctx.host.lines[3].values == {"deep": {"x": [1, None, "t"]}}


@fakes
def test_an_exception_is_logged_with_its_traceback(fake: Fake) -> None:
    ctx = fake()
    try:
        int("oops")
    except ValueError:
        ctx.log.exception("it.failed", n=1)
    (line,) = ctx.host.lines
    assert (line.level, line.values["n"]) == ("error", 1)
    assert "ValueError: invalid literal" in str(line.values["exception"])


@fakes
def test_progress_is_told_at_once(fake: Fake) -> None:
    ctx = fake()
    ctx.progress(1)
    ctx.progress(2, 10, "two \ud800" + "x" * 1000)
    assert ctx.host.progress[0] == ProgressNote(1.0)
    assert ctx.host.progress[1].total == 10.0
    assert ctx.host.progress[1].message.startswith("two ?x")
    assert len(ctx.host.progress[1].message) == 500


@fakes
def test_events_are_encoded_and_keep_their_key(fake: Fake) -> None:
    ctx = fake()
    ctx.emit("order.paid", Paid(3), dedupe_key="o1")
    ctx.emit("order.seen")
    assert [(event.type, event.payload, event.dedupe_key) for event in ctx.host.events] == [
        ("order.paid", b'{"amount":3}', "o1"),
        ("order.seen", b"null", None),
    ]


@fakes
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("paid", "is no event type"),
        ("Order.paid", "is no event type"),
        ("order..paid", "is no event type"),
        ("order.paid\n", "is no event type"),
        ("a." * 100 + "b", "is no event type"),
        ("job.succeeded", "is reserved"),
        ("endpoint.disabled", "'endpoint.disabled' is one of Hookyard's own, as all of breaker, endpoint, schedule"),
        ("delivery.failed", "'delivery.failed' is one of Hookyard's own"),
    ],
)
def test_an_event_of_a_type_that_cannot_be_is_refused(fake: Fake, name: str, why: str) -> None:
    ctx = fake()
    with pytest.raises(ContextError, match=why):
        ctx.emit(name)
    assert ctx.host.events == []


@fakes
def test_an_attempt_emits_only_so_many_events_of_only_so_many_bytes(fake: Fake) -> None:
    ctx = fake()
    with pytest.raises(ContextError, match="may hold 1048576 bytes"):
        ctx.emit("a.b", "x" * MOST_BYTES)
    for _ in range(MOST_EVENTS):
        ctx.emit("a.b")
    with pytest.raises(ContextError, match="may emit 1000 events"):
        ctx.emit("a.b")
    assert len(ctx.host.events) == MOST_EVENTS


@fakes
def test_what_is_no_json_is_refused_by_name(fake: Fake) -> None:
    ctx = fake()
    anything: Any = object()
    with pytest.raises(ContextError, match=r"the data of the event 'a\.b' is not JSON"):
        ctx.emit("a.b", anything)


def answer(question: CallCommand) -> CallDone:
    if question.command == "lab/fails":
        return CallDone("child", "failed", error=ErrorInfo("no_stock", "there is none"))
    return CallDone("child", "succeeded", Raw(question.args))


def test_an_async_command_calls_others_and_reads_its_secrets() -> None:
    async def story() -> None:
        ctx = FakeContext(secrets={"key": "value"}, call=answer)
        assert await ctx.call("lab/echo", Paid(3), type=Paid) == Paid(3)
        assert await ctx.call("lab/echo") == {}
        assert await ctx.spawn("lab/echo", Paid(1)) == "child"
        assert [(call.number, call.wait) for call in ctx.host.calls] == [(1, True), (2, True), (3, False)]
        with pytest.raises(CallError, match="lab/fails failed: there is none") as caught:
            await ctx.call("lab/fails")
        assert (caught.value.code, caught.value.job_id) == ("no_stock", "child")
        with pytest.raises(ContextError, match="the answer of lab/echo is no Paid"):
            await ctx.call("lab/echo", {"amount": "many"}, type=Paid)
        with pytest.raises(CallError, match="names no command"):
            await ctx.call("echo")
        assert await ctx.secrets.get("key") == "value"
        with pytest.raises(SecretUnavailable):
            await ctx.secrets.get("other")

    asyncio.run(story())


def test_a_sync_command_calls_others_and_reads_its_secrets() -> None:
    ctx = FakeSyncContext(secrets={"key": "value"}, call=answer)
    assert ctx.call("lab/echo", Paid(3), type=Paid) == Paid(3)
    assert ctx.call("lab/echo") == {}
    assert ctx.spawn("lab/echo", Paid(1)) == "child"
    assert [(call.number, call.wait) for call in ctx.host.calls] == [(1, True), (2, True), (3, False)]
    with pytest.raises(CallError, match="lab/fails failed: there is none"):
        ctx.call("lab/fails")
    assert ctx.secrets.get("key") == "value"
    with pytest.raises(SecretUnavailable):
        ctx.secrets.get("other")


def test_http_of_a_fake_context_reaches_nobody_and_can_be_mocked() -> None:
    async def story() -> None:
        ctx = FakeContext()
        with pytest.raises(httpx.ConnectError, match="mock the call"):
            await ctx.http.get("https://example.com/")
        with respx.mock:
            respx.get("https://example.com/").respond(text="hello")
            assert (await ctx.http.get("https://example.com/")).text == "hello"

    asyncio.run(story())
    ctx = FakeSyncContext()
    with pytest.raises(httpx.ConnectError, match="mock the call"):
        ctx.http.get("https://example.com/")
    with respx.mock:
        respx.get("https://example.com/").respond(text="hello")
        assert ctx.http.get("https://example.com/").text == "hello"


def test_a_fake_context_is_cancelled_by_the_test() -> None:
    ctx = FakeSyncContext(job=INFO)
    ctx.cancel()
    assert ctx.cancelled
    assert ctx.job is INFO
