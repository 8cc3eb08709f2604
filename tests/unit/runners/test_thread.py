import asyncio
import contextvars
import subprocess
import sys
import threading
from typing import Any

import pytest
from tests.unit.runners.lab import In, Out, Recorder, SyncBody, start

from hookyard import Cancelled, CommandError, RetryLater, SyncContext
from hookyard.context import CancelFlag
from hookyard.errors import AttemptTimedOut, CommandCrashed, InvalidOutput
from hookyard.runners import ThreadRunner

BOUND = 30.0
"""Seconds nothing here should ever take."""


def where(data: In, ctx: SyncContext) -> Out:
    return Out(threading.current_thread().name)


class Stuck:
    """A command that does not come back until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Semaphore(0)
        self.cancelled: list[bool] = []
        self.thread = threading.current_thread()

    def command(self) -> SyncBody:
        def stuck(data: In, ctx: SyncContext) -> Out:
            self.thread = threading.current_thread()
            self.began.release()
            assert self.go.wait(BOUND)
            self.cancelled.append(ctx.cancelled)
            return Out("late")

        return stuck


def test_a_plain_def_runs_beside_the_event_loop() -> None:
    assert asyncio.run(start(ThreadRunner(), where)) == b'{"text":"hookyard-command"}'


def test_a_wrong_answer_is_invalid_output() -> None:
    wrong: Any = 3

    def liar(data: In, ctx: SyncContext) -> Out:
        return Out(wrong)

    with pytest.raises(InvalidOutput, match="lab/liar"):
        asyncio.run(start(ThreadRunner(), liar))


@pytest.mark.parametrize("error", [CommandError("no"), RetryLater(3), Cancelled("stop"), ValueError("mine")])
def test_what_a_command_raises_comes_through_unchanged(error: Exception) -> None:
    def failing(data: In, ctx: SyncContext) -> Out:
        raise error

    with pytest.raises(type(error)) as caught:
        asyncio.run(start(ThreadRunner(), failing))
    assert caught.value is error


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(),
        StopAsyncIteration(),
        asyncio.CancelledError(),
        BaseException(),
    ],
)
def test_what_would_end_the_thread_or_the_server_is_contained(error: BaseException) -> None:
    def destructive(data: In, ctx: SyncContext) -> Out:
        raise error

    with pytest.raises(CommandCrashed, match=f"lab/destructive raised {type(error).__name__}") as caught:
        asyncio.run(start(ThreadRunner(), destructive))
    assert caught.value.__cause__ is error


def test_context_variables_of_the_caller_are_seen_and_not_changed() -> None:
    name = contextvars.ContextVar("name", default="nobody")

    def reader(data: In, ctx: SyncContext) -> Out:
        found = name.get()
        name.set("changed")
        return Out(found)

    async def main() -> tuple[bytes, str]:
        name.set("Ada")
        return await start(ThreadRunner(), reader), name.get()

    assert asyncio.run(main()) == (b'{"text":"Ada"}', "Ada")


def test_the_time_is_up_at_once_and_the_late_answer_is_dropped(logged: Recorder) -> None:
    async def main() -> bool:
        stuck, flag = Stuck(), CancelFlag()
        with pytest.raises(AttemptTimedOut, match=r"lab/stuck took longer than 0.02 s"):
            await start(ThreadRunner(), stuck.command(), timeout=20, cancel=flag)
        stuck.go.set()
        await asyncio.to_thread(stuck.began.acquire)
        line = await asyncio.to_thread(logged.happened, "command.late_answer")
        assert line["command"] == "lab/stuck"
        assert stuck.cancelled == [True]
        return flag.is_set()

    assert asyncio.run(main())


def test_a_command_that_asks_learns_that_its_time_is_up() -> None:
    raised = threading.Event()

    def cooperative(data: In, ctx: SyncContext) -> Out:
        try:
            while True:
                ctx.raise_if_cancelled()
                threading.Event().wait(0.001)
        except Cancelled:
            raised.set()
            raise

    with pytest.raises(AttemptTimedOut):
        asyncio.run(start(ThreadRunner(), cooperative, timeout=20))
    assert raised.wait(BOUND)


def test_stuck_threads_starve_nobody() -> None:
    async def main() -> bytes:
        runner, stuck = ThreadRunner(), Stuck()
        attempts = [start(runner, stuck.command(), timeout=20) for _ in range(20)]
        ends = await asyncio.gather(*attempts, return_exceptions=True)
        assert {type(end) for end in ends} == {AttemptTimedOut}
        answer = await start(runner, where)
        stuck.go.set()
        return answer

    assert asyncio.run(main()) == b'{"text":"hookyard-command"}'


def test_a_command_that_left_too_many_threads_behind_has_to_wait_and_others_do_not(logged: Recorder) -> None:
    async def main() -> None:
        runner, stuck = ThreadRunner(max_stuck=1), Stuck()
        with pytest.raises(AttemptTimedOut):
            await start(runner, stuck.command(), timeout=20)
        with pytest.raises(RetryLater, match="1 threads of lab/stuck never came back"):
            await start(runner, stuck.command())
        assert await start(runner, where)
        stuck.go.set()
        await asyncio.to_thread(logged.happened, "command.late_answer")
        assert await start(runner, stuck.command()) == b'{"text":"late"}'

    asyncio.run(main())
    assert "command.stuck" in logged.events


def test_cancelling_the_task_tells_the_command() -> None:
    async def main() -> list[bool]:
        stuck, flag = Stuck(), CancelFlag()
        task = asyncio.ensure_future(start(ThreadRunner(), stuck.command(), cancel=flag))
        await asyncio.to_thread(stuck.began.acquire)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert flag.is_set()
        stuck.go.set()
        return stuck.cancelled

    asyncio.run(main())


def test_an_answer_that_nobody_waits_for_after_the_loop_is_closed_harms_nothing() -> None:
    stuck, raised = Stuck(), list[object]()

    async def main() -> threading.Thread:
        runner = ThreadRunner()
        with pytest.raises(AttemptTimedOut):
            await start(runner, stuck.command(), timeout=20)
        await asyncio.to_thread(stuck.began.acquire)
        await runner.aclose()  # so that the thread ends when its command does
        return stuck.thread

    thread = asyncio.run(main())
    hook, threading.excepthook = threading.excepthook, raised.append
    try:
        stuck.go.set()
        thread.join(BOUND)
    finally:
        threading.excepthook = hook
    assert not thread.is_alive()
    assert raised == []


EXIT = """
import asyncio, threading
from tests.unit.runners.lab import In, Out, start
from hookyard import SyncContext
from hookyard.errors import AttemptTimedOut
from hookyard.runners import ThreadRunner

def stuck(data: In, ctx: SyncContext) -> Out:
    threading.Event().wait()
    return Out("never")

try:
    asyncio.run(start(ThreadRunner(), stuck, timeout=20))
except AttemptTimedOut:
    print("timed out")
"""


def test_a_thread_that_never_returns_does_not_keep_the_process(pytestconfig: pytest.Config) -> None:
    run = subprocess.run(
        [sys.executable, "-c", EXIT], cwd=pytestconfig.rootpath, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "timed out\n"
