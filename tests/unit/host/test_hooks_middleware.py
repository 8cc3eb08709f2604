"""Middlewares: around a command, never in its way."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.host.hooks_lab import Stuck, named, plugin

from hookyard import HookContext, JobInfo, Proceed, ProceedSync, Ran
from hookyard.host.hooks import Hooks

INFO = JobInfo(id="1", plugin="lab", command="run")


async def command() -> bytes:
    return b"1"


def around(*middlewares: Callable[..., Any], timeout: float = 5.0) -> Hooks:
    loaded = [plugin(f"p{index}", named("run_middleware", each)) for index, each in enumerate(middlewares)]
    return Hooks(loaded, timeout=timeout)


def test_those_loaded_first_are_the_outer_ones_in_both_forms() -> None:
    seen: list[str] = []

    async def outer(job: JobInfo, proceed: Proceed, ctx: HookContext) -> None:
        seen.append(f"{ctx.plugin} before {job.command}")
        ran = await proceed()
        seen.append(f"{ctx.plugin} after {ran.ok} {ran.error}")

    def inner(proceed: ProceedSync, ctx: HookContext) -> None:
        seen.append(f"{ctx.plugin} before in {threading.current_thread().name}")
        ran = proceed()
        seen.append(f"{ctx.plugin} after {ran.ok} {ran.error}")

    async def run() -> bytes:
        seen.append("the command")
        return b"1"

    async def main() -> None:
        hooks = around(outer, inner)
        assert hooks.has_run_middleware
        assert await hooks.around(INFO, run) == b"1"
        await hooks.shutdown()
        assert [(record.calls, record.failures) for record in hooks.records()] == [(1, 0), (1, 0)]

    asyncio.run(main())
    assert seen == [
        "p0 before run",
        "p1 before in hookyard-hook",
        "the command",
        "p1 after True None",
        "p0 after True None",
    ]


def test_the_command_keeps_its_task_and_what_it_raises_comes_out_unchanged() -> None:
    told: list[Ran] = []
    error = ValueError("no")

    async def watch(proceed: Proceed) -> None:
        told.append(await proceed())

    async def main() -> None:
        hooks = around(watch)
        mine = asyncio.current_task()

        async def run() -> bytes:
            assert asyncio.current_task() is mine
            raise error

        with pytest.raises(ValueError, match="no") as raised:
            await hooks.around(INFO, run)
        assert raised.value is error
        await hooks.shutdown()

    asyncio.run(main())
    assert [(ran.ok, ran.error) for ran in told] == [(False, "ValueError")]


async def raises_before(proceed: Proceed) -> None:
    raise RuntimeError("early")


async def raises_after(proceed: Proceed) -> None:
    await proceed()
    raise RuntimeError("late")


def raises_before_sync(proceed: ProceedSync) -> None:
    raise RuntimeError("early")


def raises_after_sync(proceed: ProceedSync) -> None:
    proceed()
    raise SystemExit


async def never_proceeds(proceed: Proceed) -> None: ...


def never_proceeds_sync(proceed: ProceedSync) -> None: ...


async def proceeds_twice(proceed: Proceed) -> None:
    await proceed()
    await proceed()


def proceeds_twice_sync(proceed: ProceedSync) -> None:
    proceed()
    proceed()


async def hangs_before(proceed: Proceed) -> None:
    await asyncio.Event().wait()


async def hangs_after(proceed: Proceed) -> None:
    await proceed()
    await asyncio.Event().wait()


async def cancels_itself(proceed: Proceed) -> None:
    raise asyncio.CancelledError


async def answers(proceed: Proceed) -> None:
    await proceed()
    return 3  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


async def gives_up_on_it(proceed: Proceed) -> None:
    async with asyncio.timeout(0):
        await proceed()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (raises_before, "RuntimeError: early"),
        (raises_after, "RuntimeError: late"),
        (raises_before_sync, "RuntimeError: early"),
        (raises_after_sync, "SystemExit: "),
        (never_proceeds, "ended without having called proceed; the command runs without it"),
        (never_proceeds_sync, "ended without having called proceed; the command runs without it"),
        (proceeds_twice, "RuntimeError: proceed is called once, and it was called again"),
        (proceeds_twice_sync, "RuntimeError: proceed is called once, and it was called again"),
        (hangs_before, "took longer than 1.5 s before it called proceed; the command runs without it"),
        (hangs_after, "took longer than 1.5 s, the command's own time aside"),
        (cancels_itself, "CancelledError: it cancelled itself"),
        (answers, "its answer is wrong: expected None, got int"),
        (gives_up_on_it, "TimeoutError: "),
    ],
    ids=lambda value: getattr(value, "__name__", None) and value.__code__.co_name,
)
def test_one_that_does_wrong_costs_only_itself(wrong: Callable[..., Any], error: str) -> None:
    seen: list[str] = []

    async def good(proceed: Proceed) -> None:
        seen.append("before")
        await proceed()
        seen.append("after")

    async def main() -> None:
        hooks = around(wrong, good, timeout=1.5 if "took longer" in error else 20)
        assert await hooks.around(INFO, command) == b"1"
        await hooks.shutdown()
        bad, fine = hooks.records()
        assert (bad.failures, bad.last_error) == (1, error)
        assert (fine.calls, fine.failures) == (1, 0)

    asyncio.run(main())
    assert seen == ["before", "after"]


def test_what_comes_after_the_command_never_delays_its_answer() -> None:
    stuck = Stuck()

    def slow(proceed: ProceedSync) -> None:
        proceed()
        stuck.wait()

    async def main() -> None:
        hooks = around(slow, timeout=20)
        async with asyncio.timeout(15):
            assert await hooks.around(INFO, command) == b"1"
        (record,) = hooks.records()
        assert record.calls == 0
        stuck.free()
        await hooks.shutdown()
        assert (record.calls, record.failures) == (1, 0)

    asyncio.run(main())


def test_the_time_of_the_command_is_not_the_middlewares() -> None:
    async def watch(proceed: Proceed) -> None:
        await proceed()

    async def long() -> bytes:
        await asyncio.sleep(2.2)
        return b"1"

    async def main() -> None:
        hooks = around(watch, timeout=2)
        assert await hooks.around(INFO, long) == b"1"
        await hooks.shutdown()
        (record,) = hooks.records()
        assert (record.failures, record.last_ms < 2000) == (0, True)

    asyncio.run(main())


def test_cancelling_the_job_reaches_the_command_and_the_middlewares_hear_of_it() -> None:
    told: list[Ran] = []

    async def watch(proceed: Proceed) -> None:
        told.append(await proceed())

    async def main() -> None:
        hooks = around(watch)
        begun = asyncio.Event()

        async def forever() -> bytes:
            begun.set()
            await asyncio.Event().wait()
            return b""

        task = asyncio.ensure_future(hooks.around(INFO, forever))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await hooks.shutdown()

    asyncio.run(main())
    assert [ran.error for ran in told] == ["CancelledError"]


def test_cancelling_the_job_before_a_middleware_lets_it_run_never_starts_the_command() -> None:
    ran: list[int] = []

    async def run() -> bytes:
        ran.append(1)
        return b""

    async def main() -> None:
        begun = asyncio.Event()

        async def waits(proceed: Proceed) -> None:
            begun.set()
            await asyncio.Event().wait()

        hooks = around(waits)
        task = asyncio.ensure_future(hooks.around(INFO, run))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await hooks.shutdown()

    asyncio.run(main())
    assert ran == []


def test_one_whose_calls_pile_up_after_the_command_is_left_out() -> None:
    async def slow(proceed: Proceed) -> None:
        await proceed()
        await over.wait()

    over = asyncio.Event()

    async def main() -> None:
        hooks = around(slow, timeout=60)
        for _ in range(70):
            assert await hooks.around(INFO, command) == b"1"
        (record,) = hooks.records()
        assert record.last_error == "64 of its calls have not ended; it is left out"
        assert (record.calls, record.skipped) == (0, 6)
        over.set()
        await hooks.shutdown()

    asyncio.run(main())
