"""The programs that a worker's commands run end with their job, though each has a group of its own and is stubborn."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.unit.worker.lab import PLUGINS, Lab, Port, gone, in_lab, lab, lives

from hookyard.errors import AttemptTimedOut, PluginFailed

FILE = PLUGINS / "launches.py"
EITHER = pytest.mark.parametrize("name", ["stubborn", "own"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.runners.worker.ending.COOPERATE", 0.05)


def processes(port: Port) -> list[int]:
    (note,) = port.progress
    found = [int(word) for word in note.message.split()]
    assert len(found) == 2
    return found


async def all_gone(pids: list[int]) -> None:
    for pid in pids:
        await gone(pid)


@EITHER
def test_a_cancelled_job_takes_them_with_it(name: str) -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        task = asyncio.create_task(lab.run(name, port=port))
        await port.begun.wait()
        pids = processes(port)
        assert [lives(pid) for pid in pids] == [True, True]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await all_gone(pids)

    in_lab(test, FILE)


def test_one_that_a_thread_runs_ends_with_its_cancelled_job_and_the_process_stays() -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        task = asyncio.create_task(lab.run("stubborn_sync", port=port))
        await port.begun.wait()
        pids, workers = processes(port), lab.pids
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not lives(pids[0])  # the program itself, which was waited for
        await gone(pids[1])
        assert await lab.text("short", "the next one") == "the next one"
        assert lab.pids == workers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hookyard.runners.worker.ending.COOPERATE", 10)
        in_lab(test, FILE)


@EITHER
def test_a_job_whose_time_is_up_takes_them_with_it(name: str) -> None:
    async def test(lab: Lab) -> None:
        assert await lab.text("short", "the process is there") == "the process is there"
        port = Port()
        with pytest.raises(AttemptTimedOut):
            await lab.run(name, timeout=2000, port=port)
        await all_gone(processes(port))
        assert await lab.text("short", "the next one is well") == "the next one is well"

    in_lab(test, FILE)


@EITHER
def test_a_process_that_is_killed_takes_them_with_it(name: str) -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        task = asyncio.create_task(lab.run(name, port=port))
        await port.begun.wait()
        (pid,) = lab.pids
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(PluginFailed, match="SIGKILL"):
            await task
        await all_gone(processes(port))

    in_lab(test, FILE)


def test_one_that_a_command_left_ends_with_the_process() -> None:
    async def test() -> None:
        async with asyncio.timeout(60):
            async with lab(FILE) as found:
                pids = [int(word) for word in (await found.text("leaves")).split()]
                assert await found.text("short", "another job") == "another job"
                assert [lives(pid) for pid in pids] == [True, True]
            await all_gone(pids)

    asyncio.run(test())


@EITHER
def test_they_end_when_the_server_is_killed(name: str, tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "sys.stdout, out = sys.stderr, sys.stdout\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from tests.unit.worker.lab import Port, lab\n"
        "async def main():\n"
        f"    async with lab(Path({str(FILE)!r})) as found:\n"
        "        port = Port()\n"
        f"        task = asyncio.create_task(found.run({name!r}, port=port))\n"
        "        await port.begun.wait()\n"
        "        print(found.pids[0], port.progress[0].message, file=out, flush=True)\n"
        "        await task\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )

    async def test() -> None:
        server = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
        assert server.stdout is not None
        try:
            async with asyncio.timeout(30):
                pids = [int(word) for word in (await server.stdout.readline()).split()]
                assert len(pids) == 3
                server.kill()
                await server.wait()
                await all_gone(pids)
        finally:
            if server.returncode is None:
                server.kill()
                await server.wait()

    asyncio.run(test())
