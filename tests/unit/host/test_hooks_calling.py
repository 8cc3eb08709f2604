"""One call of one hook: awaited, timed, bounded, checked and recorded, by itself."""

import asyncio
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from tests.unit.host.hooks_lab import JOB, Line, Stuck, errors, named, plugin, turns

from hookyard import (
    AccessQuestion,
    CliCommand,
    Credentials,
    HealthReport,
    HookContext,
    Identity,
    InboundEvent,
    JobFinished,
    SecretReference,
    WebhookRequest,
    WebhookVerdict,
    log,
)
from hookyard.errors import Refused
from hookyard.facilities.redact import Redactor
from hookyard.host.hooks import HookResult, Hooks

REQUEST = Credentials(headers={"authorization": "Basic c2VjcmV0"}, method="GET", path="/job/1", peer="10.0.0.1")
QUESTION = AccessQuestion(principal="token:ci", scopes=("admin",), method="GET", path="/job/1")
WEBHOOK = WebhookRequest(source="bank", headers={}, body=b"{}", secrets=("s3cret",), received_at=1)
EVENT = InboundEvent(source="bank", event="paid", delivery_id="d", command="lab/run", body=b"{}")


class Config(Struct):
    word: str = "x"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    lines: list[Line] = []

    class Recorder:
        def error(self, event: str, **values: object) -> None:
            lines.append((event, values))

        info = warning = error

        def bind(self, **_values: object) -> "Recorder":
            return self

    for module in ("records", "facade", "lines"):
        monkeypatch.setattr(f"hookyard.host.hooks.{module}._log", Recorder())
    return lines


def test_def_and_async_def_are_both_called_with_what_they_ask_for() -> None:
    seen: list[object] = []

    def startup(ctx: HookContext[Config]) -> None:
        seen.append((ctx.plugin, ctx.config.word, threading.current_thread().name))

    async def job_finished(event: JobFinished) -> None:
        seen.append((event.job_id, threading.current_thread().name))

    async def main() -> None:
        hooks = Hooks([plugin("a", startup, job_finished, config=Config("hi"))])
        await hooks.startup()
        hooks.job_ended(JOB)
        assert await hooks.shutdown() == ()

    asyncio.run(main())
    assert seen == [("a", "hi", "hookyard-hook"), ("1", threading.current_thread().name)]


def test_one_that_raises_costs_only_itself_and_is_logged_with_plugin_and_hook(logged: list[Line]) -> None:
    def module(error: BaseException) -> tuple[Callable[..., Any], ...]:
        async def startup() -> None:
            raise error

        def shutdown() -> None:
            raise error

        return startup, shutdown

    def startup() -> None: ...

    async def shutdown() -> None: ...

    async def main() -> tuple[dict[str, str | None], ...]:
        wrong = [ValueError("no"), SystemExit(3), KeyboardInterrupt(), StopIteration(), asyncio.CancelledError()]
        bad = [plugin(f"p{index}", *module(error)) for index, error in enumerate(wrong)]
        hooks = Hooks([*bad, plugin("good", startup, shutdown)])
        return errors(await hooks.startup()), errors(await hooks.shutdown())

    for found in asyncio.run(main()):
        assert list(found) == ["p0", "p1", "p2", "p3", "p4", "good"]
        assert found.pop("good") is None
        assert found.pop("p0") == "ValueError: no"
        assert None not in found.values()
    failed = [values for event, values in logged if event == "hook.failed"]
    assert {(line["plugin"], line["hook"]) for line in failed} == {
        (f"p{index}", hook) for index in range(5) for hook in ("startup", "shutdown")
    }


def test_a_failure_is_one_line_and_the_traceback_comes_only_when_it_is_another_one(logged: list[Line]) -> None:
    seen: list[str] = []

    async def job_finished(event: JobFinished) -> None:
        seen.append(event.job_id)
        if len(seen) in {4, 6}:
            raise LookupError(event.job_id)
        msg = f"no {len(seen)}"
        raise ValueError(msg)

    async def main() -> None:
        hooks = Hooks([plugin("p", job_finished)])
        for _ in range(6):
            hooks.job_ended(JOB)
        await hooks.shutdown()

    asyncio.run(main())
    assert [event for event, _ in logged] == ["hook.failed"] * 6
    assert [values["why"] for _, values in logged[:2]] == ["ValueError: no 1", "ValueError: no 2"]
    assert ["exc_info" in values for _, values in logged] == [True, False, False, True, True, True]


def test_what_a_hook_logs_may_have_any_name_and_shows_no_secret(logged: list[Line]) -> None:
    async def startup(ctx: HookContext) -> None:
        ctx.log.info("x s3cret", method_name=1, level=2, plugin=3, event_=4, key=["s3cret"], odd=object)
        try:
            int("s3cret")
        except ValueError:
            ctx.log.exception("failed")

    async def main() -> tuple[HookResult, ...]:
        hooks = Hooks([plugin("p", startup)])
        hooks.redact(lambda name: Redactor(["s3cret"]) if name == "p" else None)
        return await hooks.startup()

    assert errors(asyncio.run(main())) == {"p": None}
    first, (event, values) = logged
    shown = {"method_name_": 1, "level_": 2, "plugin_": 3, "event_": 4, "key": ["***"], "odd": "<class 'object'>"}
    assert first == ("x ***", shown)
    assert event == "failed"
    assert "ValueError: invalid literal for int() with base 10: '***'" in str(values["exception"])


def test_one_that_hangs_costs_only_itself() -> None:
    stuck = Stuck()

    def in_thread() -> Callable[..., Any]:
        def startup() -> None:
            stuck.wait()

        return startup

    def on_loop(*, stubborn: bool) -> Callable[..., Any]:
        async def startup() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not stubborn:
                    raise
                await asyncio.sleep(0)

        return startup

    def startup() -> None: ...

    async def main() -> tuple[HookResult, ...]:
        loaded = [
            plugin("a", in_thread()),
            plugin("b", on_loop(stubborn=False)),
            plugin("c", on_loop(stubborn=True)),
            plugin("d", startup),
        ]
        results = await Hooks(loaded, timeout=1.5).startup()
        stuck.free()
        return results

    results = asyncio.run(main())
    late = "took longer than 1.5 s"
    assert errors(results) == {"a": late, "b": late, "c": late, "d": None}
    assert all(result.seconds >= 1.45 for result in results if result.error)


def test_one_whose_calls_never_come_back_is_not_called_any_more_until_they_do(logged: list[Line]) -> None:
    stuck = Stuck()
    calls: list[int] = []

    def resolve_secret(reference: SecretReference) -> str | None:
        calls.append(1)
        if reference.name == "hang":
            stuck.wait()
        return "s"

    async def main() -> None:
        hooks = Hooks([plugin("a", resolve_secret)], decision=0.02)
        for _ in range(18):
            assert await hooks.resolve_secret("p", "hang") is None
        await turns(lambda: len(calls) == 16)  # the last of them may have begun after its time was up
        (record,) = hooks.records()
        assert record.last_error == "16 of its calls never came back; it is not called"
        assert (record.calls, record.failures, record.skipped) == (16, 16, 2)
        assert [event for event, _ in logged] == ["hook.failed"] * 16 + ["hook.skipped"]
        stuck.free()
        async with asyncio.timeout(60):
            while await hooks.resolve_secret("p", "well") is None:  # noqa: ASYNC110  threads end unannounced
                await asyncio.sleep(0.001)

    asyncio.run(main())


def test_one_that_comes_back_in_the_moment_in_which_it_is_given_up_has_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck = Stuck()
    calls: list[int] = []
    told = threading.Semaphore(0)

    def resolve_secret() -> str | None:
        calls.append(1)
        stuck.wait()
        return "s"

    async def main() -> None:
        loop = asyncio.get_running_loop()
        call_soon_threadsafe = loop.call_soon_threadsafe

        def tell(finish: Callable[..., object], *what: object) -> asyncio.Handle:
            handle = call_soon_threadsafe(finish, *what)
            told.release()
            return handle

        monkeypatch.setattr(loop, "call_soon_threadsafe", tell)
        hooks = Hooks([plugin("a", resolve_secret)])
        asking = [asyncio.create_task(hooks.resolve_secret("p", "x")) for _ in range(16)]
        await turns(lambda: len(calls) == 16)
        stuck.free()
        for _ in asking:  # the loop stands still until all threads have said that they are through
            assert told.acquire(timeout=30)
        for each in asking:
            each.cancel()
        await asyncio.wait(asking)
        assert all(each.cancelled() for each in asking)
        assert await hooks.resolve_secret("p", "x") == "s"

    asyncio.run(main())


class Call(Struct):
    """How a hook is asked, with an answer that is right and others that are wrong."""

    hook: str
    ask: Callable[[Hooks], Any]
    right: object
    wrong: tuple[object, ...]
    seen: object


CALLS = (
    Call(
        "authenticate",
        lambda hooks: hooks.authenticate(REQUEST),
        Identity(name="ada", scopes=("trigger:ro",)),
        ("ada", Identity(name=3), Identity(name="a b"), Identity(name="a", scopes=("root",))),  # type: ignore[arg-type]
        ("plugin:p/ada", ("trigger:ro",)),
    ),
    Call("authorize", lambda hooks: hooks.authorize(QUESTION), True, ("no", 0, 1), True),
    Call(
        "verify_webhook",
        lambda hooks: hooks.verify_webhook("p", WEBHOOK),
        WebhookVerdict(ok=True, event="paid"),
        (True, WebhookVerdict(ok="yes"), WebhookVerdict(ok=True, event=""), WebhookVerdict(ok=True, delivery_id="a b")),  # type: ignore[arg-type]
        WebhookVerdict(ok=True, event="paid"),
    ),
    Call("map_input", lambda hooks: hooks.map_input("p", EVENT), {"n": 1}, (object(), {1j: 2}), b'{"n":1}'),
    Call("resolve_secret", lambda hooks: hooks.resolve_secret("p", "token"), "s3cret", (b"s3cret", "", 3), "s3cret"),
    Call(
        "health",
        lambda hooks: hooks.health(),
        HealthReport(status="ok"),
        (None, "ok", HealthReport(status="fine"), HealthReport(status="ok", details={"a": object()})),  # type: ignore[arg-type]
        {"p": HealthReport(status="ok")},
    ),
    Call(
        "register_cli",
        lambda hooks: hooks.register_cli("p"),
        [CliCommand(name="hi", function=print)],
        (None, [print], [CliCommand(name="Hi", function=print)], [CliCommand(name="hi", function=print)] * 2),
        (CliCommand(name="hi", function=print),),
    ),
    Call("startup", lambda hooks: hooks.startup(), None, (1, True, "done"), None),
    Call("shutdown", lambda hooks: hooks.shutdown(), None, (1, "done"), None),
)


def implementation(call: Call, form: str, act: Callable[[], object]) -> Callable[..., Any]:
    def plain() -> object:
        return act()

    async def awaited() -> object:
        return act()

    made = plain if form == "def" else awaited
    if call.hook != "map_input":
        made.__annotations__["return"] = {
            "authenticate": Identity | None,
            "authorize": bool | None,
            "verify_webhook": WebhookVerdict | None,
            "resolve_secret": str | None,
            "health": HealthReport,
            "register_cli": list[CliCommand],
        }.get(call.hook)
    return named(call.hook, made)


async def outcome(call: Call, hooks: Hooks) -> object:
    try:
        return await call.ask(hooks)
    except Refused as refused:
        return refused.code


@pytest.mark.parametrize("form", ["def", "async def"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.hook)
def test_an_answer_of_the_right_type_is_handed_on(call: Call, form: str) -> None:
    async def main() -> tuple[object, Hooks]:
        hooks = Hooks([plugin("p", implementation(call, form, lambda: call.right))])
        return await outcome(call, hooks), hooks

    answer, hooks = asyncio.run(main())
    if call.hook == "authenticate":
        assert (answer.name, answer.scopes) == call.seen  # type: ignore[attr-defined]
    elif call.seen is not None:
        assert answer == call.seen
    (record,) = hooks.records()
    assert (record.plugin, record.hook, record.calls, record.failures) == ("p", call.hook, 1, 0)


@pytest.mark.parametrize("form", ["def", "async def"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.hook)
def test_an_answer_of_another_type_is_a_recorded_failure(call: Call, form: str) -> None:
    async def main(wrong: object) -> tuple[object, Hooks]:
        hooks = Hooks([plugin("p", implementation(call, form, lambda: wrong))])
        return await outcome(call, hooks), hooks

    for wrong in call.wrong:
        answer, hooks = asyncio.run(main(wrong))
        (record,) = hooks.records("p")
        assert (record.calls, record.failures) == (1, 1), wrong
        assert record.last_error is not None
        assert record.last_error.startswith("its answer is wrong: ")
        assert record.last_error_at is not None
        assert answer in ("plugin_unavailable", None) or call.hook in {"health", "startup", "shutdown"}


@pytest.mark.parametrize("form", ["def", "async def"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.hook)
def test_what_raises_is_recorded_with_plugin_and_hook_and_is_no_answer(call: Call, form: str) -> None:
    def fail() -> object:
        msg = "the password is swordfish"
        raise RuntimeError(msg)

    async def main() -> tuple[object, Hooks]:
        hooks = Hooks([plugin("p", implementation(call, form, fail))])
        return await outcome(call, hooks), hooks

    answer, hooks = asyncio.run(main())
    (record,) = hooks.records("p")
    assert (record.plugin, record.hook, record.failures) == ("p", call.hook, 1)
    assert answer in ("plugin_unavailable", None) or call.hook in {"health", "startup", "shutdown"}
    secretive = call.hook in {"authenticate", "verify_webhook", "map_input", "resolve_secret"}
    assert ("swordfish" not in str(record.last_error)) is secretive
    assert str(record.last_error).startswith("RuntimeError")


@pytest.mark.parametrize("form", ["def", "async def"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.hook)
def test_what_hangs_is_given_up_in_time(call: Call, form: str) -> None:
    stuck = Stuck()

    async def hang() -> None:
        await asyncio.Event().wait()

    made = implementation(call, form, stuck.wait)
    if form == "async def":
        annotations = made.__annotations__

        async def forever() -> object:
            await hang()
            return None

        forever.__annotations__ = annotations
        made = named(call.hook, forever)

    async def main() -> tuple[object, Hooks]:
        hooks = Hooks([plugin("p", made)], timeout=0.03, decision=0.03)
        try:
            return await outcome(call, hooks), hooks
        finally:
            stuck.free()

    answer, hooks = asyncio.run(main())
    (record,) = hooks.records("p")
    assert record.last_error == "took longer than 0.03 s"
    assert record.longest_ms >= 25
    assert answer in ("plugin_unavailable", None) or call.hook in {"health", "startup", "shutdown"}


def test_the_log_of_a_failure_holds_the_traceback_except_where_that_could_hold_a_secret() -> None:
    def startup() -> None:
        msg = "all of this"
        raise RuntimeError(msg)

    def resolve_secret() -> str | None:
        msg = "swordfish"
        raise RuntimeError(msg)

    async def main() -> str:
        stream = io.StringIO()
        log.setup(form="json", stream=stream)
        hooks = Hooks([plugin("p", startup, resolve_secret)])
        await hooks.startup()
        await hooks.resolve_secret("p", "x")
        await asyncio.sleep(0)
        return stream.getvalue()

    written = asyncio.run(main())
    assert "RuntimeError: all of this" in written
    assert "Traceback" in written
    assert "swordfish" not in written


@pytest.mark.parametrize("level", ["info", "error"])
def test_the_trace_prints_every_call_with_its_outcome_and_nothing_that_was_said(
    level: log.Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKYARD_TRACE_HOOKS", "1")

    def authenticate(request: Credentials) -> Identity | None:
        return Identity(name="ada") if request.headers else None

    async def authorize() -> bool:
        msg = "swordfish"
        raise RuntimeError(msg)

    async def resolve_secret() -> str:
        return "s3cret"

    def health() -> HealthReport:
        return "wrong"  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    async def startup() -> None:
        await asyncio.Event().wait()

    async def main() -> str:
        stream = io.StringIO()
        log.setup(level=level, form="json", stream=stream)
        hooks = Hooks([plugin("p", authenticate, authorize, resolve_secret, health, startup)], timeout=1.5)
        await hooks.startup()
        await hooks.authenticate(REQUEST)
        with pytest.raises(Refused):
            await hooks.authorize(QUESTION)
        await hooks.resolve_secret("p", "x")
        await hooks.health()
        await asyncio.sleep(0)
        return stream.getvalue()

    written = asyncio.run(main())
    lines = [line for line in map(json.loads, written.splitlines()) if line["event"] == "hook.called"]
    assert [(line["plugin"], line["hook"], line["outcome"]) for line in lines] == [
        ("p", "startup", "timeout"),
        ("p", "authenticate", "ok"),
        ("p", "authorize", "raised"),
        ("p", "resolve_secret", "ok"),
        ("p", "health", "wrong_type"),
    ]
    assert all(line.keys() == {"event", "level", "timestamp", "plugin", "hook", "ms", "outcome"} for line in lines)
    assert all(line["ms"] >= 0 for line in lines)
    assert "s3cret" not in written
    assert "c2VjcmV0" not in written


def test_without_the_trace_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_TRACE_HOOKS", "0")

    async def main() -> str:
        stream = io.StringIO()
        log.setup(form="json", stream=stream)
        await Hooks([plugin("p", CLEAN)]).startup()
        await asyncio.sleep(0)
        return stream.getvalue()

    assert asyncio.run(main()) == ""


def CLEAN() -> None: ...  # noqa: N802  named as the hook it stands for, below


CLEAN.__name__ = "startup"


def test_records_that_hold_secrets_do_not_show_them_when_they_are_printed() -> None:
    for record in (REQUEST, WEBHOOK, EVENT):
        assert "c2VjcmV0" not in repr(record)
        assert "s3cret" not in repr(record)
        assert "{}" not in repr(record)
    assert msgspec.structs.asdict(WEBHOOK)["secrets"] == ("s3cret",)


def test_a_change_starts_what_is_new_keeps_what_is_the_same_and_gives_back_what_is_gone() -> None:
    seen: list[str] = []

    def life(ctx: HookContext) -> None:
        seen.append(f"{ctx.plugin} starts")

    def death(ctx: HookContext) -> None:
        seen.append(f"{ctx.plugin} ends")

    hooks_of = (named("startup", life), named("shutdown", death))
    kept, gone, new = (plugin(name, *hooks_of) for name in ("kept", "gone", "new"))
    again = plugin("again", *hooks_of, config=Config("old"))

    async def main() -> None:
        own = plugin("own", *hooks_of)
        hooks = Hooks([kept, gone, again], own=[own])
        await hooks.startup()
        assert sorted(seen) == [f"{name} starts" for name in ("again", "gone", "kept", "own")]
        seen.clear()
        change = await hooks.change([kept, (again[0], Config("new")), new])
        assert sorted(seen) == ["again starts", "new starts"]
        assert [member.plugin.name for member in change.gone] == ["gone", "again"]
        assert errors(change.results) == {"again": None, "new": None}
        calls = {(record.plugin, record.hook): record.calls for record in hooks.records()}
        assert calls["kept", "startup"] == calls["new", "startup"] == 1
        seen.clear()
        await hooks.retire(change.gone)
        assert sorted(seen) == ["again ends", "gone ends"]
        seen.clear()
        await hooks.shutdown()
        assert sorted(seen) == ["again ends", "kept ends", "new ends", "own ends"]

    asyncio.run(main())


def test_where_nobody_listens_nothing_is_done() -> None:
    async def main() -> None:
        hooks = Hooks([plugin("a", CLEAN)])
        flags = {name: value for name, value in vars(hooks).items() if name.startswith("has_")}
        assert len(flags) == 8
        assert set(flags.values()) == {False}
        before = asyncio.all_tasks()
        hooks.job_ended(JOB)
        hooks.job_started(JOB)
        assert asyncio.all_tasks() == before
        assert await hooks.authenticate(REQUEST) is None
        assert await hooks.authorize(QUESTION) is True
        assert await hooks.resolve_secret("p", "x") is None
        assert await hooks.health() == {}
        assert await hooks.shutdown() == ()

    asyncio.run(main())
