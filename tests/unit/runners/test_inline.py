import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.unit.runners.lab import In, Out, Recorder, start

from hookyard import Cancelled, CommandError, Context, JobInfo, RetryLater
from hookyard.context import CancelFlag
from hookyard.errors import AttemptTimedOut, CommandCrashed, InvalidOutput
from hookyard.runners import InlineRunner


async def together(*attempts: Coroutine[Any, Any, bytes]) -> list[bytes | BaseException]:
    return await asyncio.gather(*attempts, return_exceptions=True)


async def quick(data: In, ctx: Context) -> Out:
    return Out(data.text)


async def steps(data: In, ctx: Context) -> Out:
    for _ in range(3):
        await asyncio.sleep(0)
    return Out(data.text)


async def for_ever(data: In, ctx: Context) -> Out:
    await asyncio.Event().wait()
    return Out("never")


def test_the_answer_comes_back_as_checked_json() -> None:
    assert asyncio.run(start(InlineRunner(), quick)) == b'{"text":"x"}'
    assert asyncio.run(start(InlineRunner(), steps)) == b'{"text":"x"}'


def test_a_wrong_answer_is_invalid_output() -> None:
    wrong: Any = 3

    async def liar(data: In, ctx: Context) -> Out:
        return Out(wrong)

    with pytest.raises(InvalidOutput, match=r"lab/liar .* expected `str`, got `int` at \$.text"):
        asyncio.run(start(InlineRunner(), liar))


@pytest.mark.parametrize(
    "error", [CommandError("no"), RetryLater(3), Cancelled("stop"), ValueError("mine"), TimeoutError("theirs")]
)
def test_what_a_command_raises_comes_through_unchanged(error: Exception) -> None:
    async def failing(data: In, ctx: Context) -> Out:
        await asyncio.sleep(0)
        raise error

    with pytest.raises(type(error)) as caught:
        asyncio.run(start(InlineRunner(), failing))
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError("by itself"), BaseException()]
)
@pytest.mark.parametrize("turns", [0, 1])
def test_what_would_end_the_server_is_contained(error: BaseException, turns: int) -> None:
    async def destructive(data: In, ctx: Context) -> Out:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise error

    with pytest.raises(CommandCrashed, match=f"lab/destructive raised {type(error).__name__}") as caught:
        asyncio.run(start(InlineRunner(), destructive))
    assert caught.value.__cause__ is error


def test_awaiting_a_cancelled_task_is_the_commands_own_failure() -> None:
    async def careless(data: In, ctx: Context) -> Out:
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task
        return Out("never")

    with pytest.raises(CommandCrashed, match="CancelledError"):
        asyncio.run(start(InlineRunner(), careless))


def test_a_command_whose_time_is_up_is_cancelled_and_may_clean_up() -> None:
    async def main() -> tuple[list[str], bool, int]:
        seen: list[str] = []

        async def tidy(data: In, ctx: Context) -> Out:
            try:
                await asyncio.Event().wait()
            finally:
                seen.append("cancelled" if ctx.cancelled else "not told")
                await asyncio.sleep(0)
                seen.append("cleaned up")
            return Out("never")

        flag = CancelFlag()
        with pytest.raises(AttemptTimedOut, match=r"lab/tidy took longer than 0.02 s"):
            await start(InlineRunner(grace=30), tidy, timeout=20, cancel=flag)
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(0)  # a cancellation that was left behind would strike here
        return seen, flag.is_set(), task.cancelling()

    assert asyncio.run(main()) == (["cancelled", "cleaned up"], True, 0)


@pytest.mark.parametrize("answer", ["late", ValueError("late")])
def test_what_comes_after_the_time_was_up_is_a_time_out_all_the_same(answer: str | Exception, logged: Recorder) -> None:
    async def late(data: In, ctx: Context) -> Out:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if isinstance(answer, Exception):
                raise answer from None
        return Out("late")

    with pytest.raises(AttemptTimedOut):
        asyncio.run(start(InlineRunner(), late, timeout=20))
    assert ("command.late_answer" in logged.events) == isinstance(answer, str)


def test_a_command_that_swallows_its_cancellation_is_ended_after_its_grace(logged: Recorder) -> None:
    async def main() -> int:
        swallowed = 0

        async def stubborn(data: In, ctx: Context) -> Out:
            nonlocal swallowed
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    swallowed += 1

        with pytest.raises(AttemptTimedOut):
            await start(InlineRunner(grace=0.05), stubborn, timeout=20)
        await asyncio.sleep(0)
        return swallowed

    assert asyncio.run(main()) == 1
    assert logged.happened("command.ended")["command"] == "lab/stubborn"


def test_a_command_that_swallows_everything_is_never_resumed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []
    monkeypatch.setattr("hookyard.runners.inline._UNENDING", kept)

    async def main() -> tuple[int, int]:
        turns, released = 0, False
        runner = InlineRunner(grace=0.02)

        async def undead(data: In, ctx: Context) -> Out:
            nonlocal turns
            while not released:
                try:
                    await asyncio.sleep(0.001)
                except BaseException:  # noqa: BLE001  the worst a command can do
                    turns += 1
            return Out("at last")

        with pytest.raises(AttemptTimedOut):
            await start(runner, undead, timeout=20)
        before = turns
        await start(runner, steps)
        after, released = turns, True
        return before, after

    before, after = asyncio.run(main())
    assert before == after
    assert len(kept) == 1


def test_cancelling_the_task_cancels_the_command() -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        started = asyncio.Event()

        async def patient(data: In, ctx: Context) -> Out:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
            return Out("never")

        task = asyncio.ensure_future(start(InlineRunner(), patient))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return seen

    assert asyncio.run(main()) == ["cancelled"]


def test_a_timeout_and_a_task_group_of_the_commands_own_work_as_usual() -> None:
    async def busy(data: In, ctx: Context) -> Out:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            pass
        async with asyncio.TaskGroup() as group:
            first = group.create_task(asyncio.sleep(0, "a"))
            second = group.create_task(asyncio.sleep(0, "b"))
        return Out(first.result() + second.result())

    assert asyncio.run(start(InlineRunner(), busy)) == b'{"text":"ab"}'


def test_a_command_that_blocks_the_loop_costs_only_its_own_job(
    logged: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped = 0.0

    def now() -> float:
        return time.monotonic() + skipped

    monkeypatch.setattr("hookyard.runners.inline.monotonic", now)

    async def main() -> list[bytes | BaseException]:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", now)
        runner = InlineRunner()
        blocked = asyncio.Event()

        async def innocent(data: In, ctx: Context) -> Out:
            await blocked.wait()
            await asyncio.sleep(0.05)
            return Out("in time")

        async def blocker(data: In, ctx: Context) -> Out:
            nonlocal skipped
            await asyncio.sleep(0)
            skipped += 60  # as a call does that blocks
            blocked.set()
            return Out("too late")

        return await together(start(runner, innocent, timeout=30_000), start(runner, blocker, timeout=30_000))

    first, second = asyncio.run(main())
    assert first == b'{"text":"in time"}'
    assert isinstance(second, AttemptTimedOut)
    line = logged.happened("command.blocked_loop")
    assert (line["command"], line["job_id"]) == ("lab/blocker", "job-blocker")
    assert line["ms"] >= 60_000


def test_time_given_back_is_not_given_for_ever() -> None:
    async def main() -> list[bytes | BaseException]:
        runner = InlineRunner()

        async def blocker(data: In, ctx: Context) -> Out:
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251  the fault under test
            return Out("done")

        return await together(start(runner, for_ever, timeout=100), start(runner, blocker))

    first, second = asyncio.run(main())
    assert isinstance(first, AttemptTimedOut)
    assert second == b'{"text":"done"}'


def test_the_command_that_holds_the_loop_is_known_while_it_does() -> None:
    async def main() -> list[JobInfo | None]:
        runner = InlineRunner()
        seen: list[JobInfo | None] = []

        async def curious(data: In, ctx: Context) -> Out:
            seen.append(runner.current)
            await asyncio.sleep(0.01)
            seen.append(runner.current)
            return Out("x")

        async def beside() -> None:
            seen.append(runner.current)

        await asyncio.gather(start(runner, curious), beside())
        return seen

    first, between, second = asyncio.run(main())
    assert first is not None
    assert (first.id, between, second) == ("job-curious", None, first)


def test_a_thrown_away_task_closes_its_command() -> None:
    closed: list[str] = []

    async def waiting(data: In, ctx: Context) -> Out:
        try:
            await asyncio.Event().wait()
        except GeneratorExit:
            closed.append("closed")
            raise
        return Out("never")

    async def main() -> None:
        attempt = start(InlineRunner(), waiting)
        attempt.send(None)
        attempt.close()

    asyncio.run(main())
    assert closed == ["closed"]
