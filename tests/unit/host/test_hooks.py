"""The hooks of several plugins: each awaited, timed, bounded and by itself."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from hookyard import HookContext, JobFinished, Plugin
from hookyard.host.hooks import HookResult, Hooks
from hookyard.model import Job

JOB = Job(
    id="1",
    plugin="lab",
    command="run",
    lane="lab/run",
    args=b"{}",
    submitted_at=1,
    run_at=1,
    status="succeeded",
    attempt=2,
    started_at=2,
    completed_at=3,
    principal="token:ci",
    request_id="r",
    tags=("a",),
)
EVENT = JobFinished(job_id="1", plugin="lab", command="run", status="succeeded")


class Config(Struct):
    word: str = "x"


def plugin(name: str, *hooks: Callable[..., object], config: Struct | None = None) -> tuple[Plugin[Any], object]:
    made: Plugin[Any] = Plugin(name) if config is None else Plugin(name, config=type(config))
    for hook in hooks:
        made.hook(hook)
    return made, config


def errors(results: tuple[HookResult, ...]) -> dict[str, str | None]:
    return {result.plugin: result.error for result in results}


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    lines: list[tuple[str, dict[str, object]]] = []

    class Recorder:
        def error(self, event: str, **values: object) -> None:
            lines.append((event, values))

        info = warning = error

        def bind(self, **_values: object) -> "Recorder":
            return self

    monkeypatch.setattr("hookyard.host.hooks._log", Recorder())
    return lines


def test_def_and_async_def_are_both_called_with_what_they_ask_for() -> None:
    seen: list[object] = []

    def startup(ctx: HookContext[Config]) -> None:
        seen.append((ctx.plugin, ctx.config.word, threading.current_thread().name))

    async def job_finished(event: JobFinished) -> None:
        seen.append((event, threading.current_thread().name))

    async def main() -> None:
        hooks = Hooks([plugin("a", startup, job_finished, config=Config("hi"))])
        await hooks.startup()
        await hooks.job_finished(EVENT)
        assert await hooks.shutdown() == ()

    asyncio.run(main())
    assert seen == [("a", "hi", "hookyard-hook"), (EVENT, threading.current_thread().name)]


def test_one_that_raises_costs_only_itself_and_is_logged_with_plugin_and_hook(
    logged: list[tuple[str, dict[str, object]]],
) -> None:
    def module(error: BaseException) -> tuple[Callable[..., object], ...]:
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


def test_one_that_hangs_costs_only_itself() -> None:
    go = threading.Event()

    def in_thread() -> Callable[..., object]:
        def startup() -> None:
            go.wait(30)

        return startup

    def on_loop(*, stubborn: bool) -> Callable[..., object]:
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
        results = await Hooks(loaded, timeout=0.05).startup()
        go.set()
        return results

    results = asyncio.run(main())
    late = "took longer than 0.05 s"
    assert errors(results) == {"a": late, "b": late, "c": late, "d": None}
    assert all(result.seconds >= 0.04 for result in results if result.error)


def test_where_nobody_listens_nothing_is_done() -> None:
    def startup() -> None: ...

    async def main() -> None:
        hooks = Hooks([plugin("a", startup)])
        assert not hooks.has_job_finished
        before = asyncio.all_tasks()
        hooks.job_ended(JOB)
        assert asyncio.all_tasks() == before
        assert await hooks.job_finished(EVENT) == ()
        assert await hooks.shutdown() == ()

    asyncio.run(main())


def test_the_end_of_a_job_is_told_without_waiting_and_shutdown_waits_for_it() -> None:
    seen: list[JobFinished] = []

    async def job_finished(event: JobFinished) -> None:
        await asyncio.sleep(0.01)
        seen.append(event)

    async def main() -> None:
        hooks = Hooks([plugin("a", job_finished)])
        assert hooks.has_job_finished
        hooks.job_ended(JOB)
        assert seen == []
        await hooks.shutdown()

    asyncio.run(main())
    assert seen == [
        JobFinished(
            job_id="1",
            plugin="lab",
            command="run",
            status="succeeded",
            attempt=2,
            submitted_at=1,
            started_at=2,
            completed_at=3,
            principal="token:ci",
            request_id="r",
            tags=("a",),
        )
    ]


def test_a_listener_that_cannot_keep_up_is_not_waited_for_and_the_loss_is_logged(
    logged: list[tuple[str, dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookyard.host.hooks.MOST_PENDING", 3)

    async def job_finished() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        hooks = Hooks([plugin("a", job_finished)], timeout=0.02)
        for _ in range(5):
            hooks.job_ended(JOB)
        await hooks.shutdown()

    asyncio.run(main())
    assert [values for event, values in logged if event == "hook.dropped"] == [{"hook": "job_finished", "dropped": 1}]
    assert len([event for event, _ in logged if event == "hook.failed"]) == 3
