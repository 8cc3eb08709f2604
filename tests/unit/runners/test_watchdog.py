import asyncio
import threading
import time
from typing import Any

from tests.unit.runners.lab import In, Out, Recorder, start

from hookyard import Context, JobInfo
from hookyard.runners import InlineRunner, Runners, Watchdog


def test_a_stall_is_reported_once_with_its_command_and_its_stack_and_so_is_its_end(logged: Recorder) -> None:
    def reported() -> list[dict[str, Any]]:
        """Those of this command: where the machine stands still for a while, so does the loop."""
        stalls = [values for event, values in logged.lines if event == "loop.stalled"]
        return [values for values in stalls if values["command"] == "lab/holds_the_loop"]

    async def holds_the_loop(data: In, ctx: Context) -> Out:
        await asyncio.to_thread(logged.happened, "watching")
        until = time.monotonic() + 60
        while not reported() and time.monotonic() < until:
            time.sleep(0.01)  # noqa: ASYNC251  the fault under test
        return Out("x")

    async def main() -> None:
        runner = InlineRunner()
        watchdog = Watchdog(runner, limit=0.1, interval=0.02)
        watchdog.start()
        logged.info("watching")
        try:
            await start(runner, holds_the_loop)
            await asyncio.to_thread(logged.happened, "loop.turns_again")
        finally:
            watchdog.stop()

    asyncio.run(main())
    (line,) = reported()
    assert line["job_id"] == "job-holds_the_loop"
    assert "in holds_the_loop" in line["stack"]
    assert logged.happened("loop.turns_again")["ms"] >= 100


class Nothing:
    current: JobInfo | None = None


def test_a_stall_that_no_command_made_is_reported_too(logged: Recorder) -> None:
    async def main() -> None:
        watchdog = Watchdog(Nothing(), limit=0.05, interval=0.02)
        watchdog.start()
        until = time.monotonic() + 60
        while "loop.stalled" not in logged.events and time.monotonic() < until:
            time.sleep(0.01)  # noqa: ASYNC251  the fault under test
        watchdog.stop()

    asyncio.run(main())
    line = logged.happened("loop.stalled")
    assert (line["job_id"], line["command"]) == (None, None)


def test_the_watchdog_ends_with_the_runners() -> None:
    before = set(threading.enumerate())  # that of a loop that was closed may still be about to end

    def watching() -> bool:
        return any(thread.name == "hookyard-watchdog" for thread in threading.enumerate() if thread not in before)

    async def main() -> tuple[bool, bool]:
        runners = Runners()
        runners.start()
        during = watching()
        await runners.aclose()
        return during, watching()

    assert asyncio.run(main()) == (True, False)


def test_a_watchdog_whose_loop_is_closed_ends_by_itself() -> None:
    watchdog = Watchdog(Nothing(), interval=0.01)

    async def main() -> None:
        watchdog.start()

    asyncio.run(main())
    for thread in threading.enumerate():
        if thread.name == "hookyard-watchdog":
            thread.join(20)
            assert not thread.is_alive()
