import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hookyard import programs
from hookyard.errors import Cancelled
from hookyard.programs import CannotStart, Ended, Limits, OnOutput

LOOPS = pytest.mark.parametrize("loop", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Loop = Callable[[Coroutine[Any, Any, Any]], Any]
ENV = {"PATH": "/usr/bin:/bin"}
STARTED = 2
"""Seconds after which a shell has surely come to its first lines, also on a busy machine."""
FAMILY = "trap '' TERM; sleep 600 & echo $$ $!; wait"


def bash(
    script: str,
    *,
    timeout: float | None = 20,
    grace: float = 5,
    limits: Limits | None = None,
    stdout_limit: int = 1 << 20,
    on_stdout: OnOutput | None = None,
    on_stderr: OnOutput | None = None,
) -> Ended:
    return asyncio.run(
        programs.run(
            ["bash", "-c", script],
            cwd="/",
            env=ENV,
            timeout=timeout,
            grace=grace,
            limits=limits or Limits(),
            stdout_limit=stdout_limit,
            on_stdout=on_stdout,
            on_stderr=on_stderr,
        )
    )


def ended(pid: int) -> bool:
    """Whether it is dead, or about to be."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in {"Z", "X"}:
            return True
        time.sleep(0.005)  # between two looks at a process that somebody else reaps
    return False


@LOOPS
def test_it_reads_and_answers_in_its_surroundings_without_a_timeout(loop: Loop, tmp_path: Path) -> None:
    ended = loop(
        programs.run(
            ["bash", "-c", 'read -r word; echo "$word $NAME ${HOME-none}"; pwd; echo oops >&2; exit 3'],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "NAME": "tea"},
            stdin=b"green\n",
        )
    )
    assert ended == Ended(returncode=3, stdout=f"green tea none\n{tmp_path}\n".encode(), stderr=b"oops\n")


def test_a_name_is_looked_for_in_the_path_that_the_program_gets(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho it is me\n", encoding="utf-8")
    tool.chmod(0o755)
    ended = asyncio.run(programs.run(["tool"], cwd="/", env={"PATH": str(tmp_path)}))
    assert ended.stdout == b"it is me\n"


def test_a_death_by_a_signal_is_a_negative_number() -> None:
    assert bash("kill -KILL $$").returncode == -9


@pytest.mark.parametrize(
    ("argv", "cwd", "strerror", "filename"),
    [
        (["/no/such/program"], "/", "No such file or directory", "/no/such/program"),
        (["no-such-program"], "/", "No such file or directory", "no-such-program"),
        (["/etc/passwd"], "/", "Permission denied", "/etc/passwd"),
        (["true"], "/no/such/folder", "No such file or directory", "/no/such/folder"),
    ],
)
def test_what_cannot_be_executed_raises_the_systems_reason(
    argv: list[str], cwd: str, strerror: str, filename: str
) -> None:
    with pytest.raises(CannotStart) as caught:
        asyncio.run(programs.run(argv, cwd=cwd, env=ENV))
    error = caught.value
    assert (error.strerror, error.filename, str(error)) == (strerror, filename, f"{strerror}: {filename}")


def test_a_nul_in_an_argument_and_a_program_that_no_limit_can_start_raise_too() -> None:
    with pytest.raises(CannotStart, match="null byte"):
        asyncio.run(programs.run(["echo", "a\0b"], cwd="/", env=ENV))
    with pytest.raises(CannotStart, match="No such file or directory"):
        asyncio.run(programs.run(["/no/such/program"], cwd="/", env=ENV, limits=Limits(files=50)))


def test_limits_hold() -> None:
    assert bash("ulimit -n", limits=Limits(files=50)).stdout == b"50\n"


def test_more_than_is_kept_of_stdout_ends_it_and_of_stderr_is_dropped() -> None:
    found = bash("yes", stdout_limit=100_000)
    assert (len(found.stdout), found.stdout_cut, found.returncode, found.timed_out) == (100_000, True, -15, False)
    found = bash("head -c 100000 /dev/zero >&2; echo done")
    assert (len(found.stderr), found.stderr_cut, found.stdout, found.returncode) == (65_536, True, b"done\n", 0)


def test_what_is_handed_on_has_no_limit_and_is_not_kept() -> None:
    sizes = {"stdout": 0, "stderr": 0}

    def take(stream: str) -> OnOutput:
        def add(piece: bytes) -> None:
            sizes[stream] += len(piece)

        return add

    found = bash(
        "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2",
        stdout_limit=1,
        on_stdout=take("stdout"),
        on_stderr=take("stderr"),
    )
    assert found == Ended(returncode=0)
    assert sizes == {"stdout": 3_000_000, "stderr": 2_000_000}


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_a_callback_raises_ends_the_program_and_comes_out(stream: str) -> None:
    pids: list[int] = []

    def refuse(piece: bytes) -> None:
        pids.extend(int(word) for word in piece.split())
        msg = "enough"
        raise ValueError(msg)

    heard = refuse if stream == "stdout" else None
    complained = refuse if stream == "stderr" else None
    with pytest.raises(ValueError, match="enough"):
        bash(f"exec >&{1 + (heard is None)}; {FAMILY}", grace=0.1, on_stdout=heard, on_stderr=complained)
    assert len(pids) == 2
    assert [ended(pid) for pid in pids] == [True, True]


def test_at_its_timeout_the_group_is_asked_then_killed() -> None:
    found = bash(FAMILY, timeout=STARTED, grace=0.1)
    assert (found.timed_out, found.returncode) == (True, -9)
    assert [ended(int(word)) for word in found.stdout.split()] == [True, True]


def test_what_it_says_when_its_time_is_up_is_still_heard() -> None:
    said: list[bytes] = []
    found = bash(
        "trap 'echo leaving; exit 4' TERM; echo here; while :; do sleep 0.05; done",
        timeout=STARTED,
        on_stdout=said.append,
    )
    assert (found.timed_out, found.returncode, b"".join(said)) == (True, 4, b"here\nleaving\n")


@LOOPS
def test_cancelling_ends_the_group_and_waits_for_it(loop: Loop) -> None:
    async def test() -> None:
        pids: list[int] = []
        begun = asyncio.Event()

        def take(piece: bytes) -> None:
            pids.extend(int(word) for word in piece.split())
            begun.set()

        task = asyncio.create_task(programs.run(["bash", "-c", FAMILY], cwd="/", env=ENV, grace=0.1, on_stdout=take))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProcessLookupError):  # reaped, not only signalled
            os.kill(pids[0], 0)
        assert ended(pids[1])

    loop(test())


def test_what_it_leaves_behind_is_killed_and_not_waited_for() -> None:
    found = bash("sleep 600 & echo $!")
    assert (found.returncode, ended(int(found.stdout))) == (0, True)


def test_importing_hookyard_does_not_load_it() -> None:
    script = "import sys, hookyard; print('hookyard.programs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"False\n"


# --- from a thread ------------------------------------------------------------------------------------------------


def test_a_thread_runs_one_and_its_callbacks_are_called_there() -> None:
    heard: list[tuple[bytes, int]] = []

    def take(piece: bytes) -> None:
        heard.append((piece, threading.get_ident()))

    def work() -> tuple[Ended, int]:
        ended = programs.run_blocking(
            ["bash", "-c", "cat; echo no >&2; exit 3"], cwd="/", env=ENV, stdin=b"yes", on_stderr=take, timeout=20
        )
        return ended, threading.get_ident()

    async def main() -> tuple[Ended, int]:
        return await asyncio.to_thread(work)

    found, thread = asyncio.run(main())
    assert (found.returncode, found.stdout) == (3, b"yes")
    assert heard == [(b"no\n", thread)]


def test_a_thread_that_is_asked_to_stop_ends_the_group_and_waits_for_it() -> None:
    heard: list[bytes] = []
    with pytest.raises(Cancelled):
        programs.run_blocking(
            ["bash", "-c", FAMILY], cwd="/", env=ENV, grace=0.1, on_stdout=heard.append, stop=lambda: bool(heard)
        )
    pids = [int(word) for word in b"".join(heard).split()]
    assert [ended(pid) for pid in pids] == [True, True]


def test_a_thread_that_is_to_stop_already_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        programs.run_blocking(["touch", "there"], cwd=tmp_path, env=ENV, stop=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_what_the_question_to_a_thread_raises_ends_the_program_and_comes_out() -> None:
    heard: list[bytes] = []

    def stop() -> bool:
        if heard:
            raise ValueError("mine")
        return False

    with pytest.raises(ValueError, match="mine"):
        programs.run_blocking(["bash", "-c", FAMILY], cwd="/", env=ENV, grace=0.1, on_stdout=heard.append, stop=stop)
    pids = [int(word) for word in b"".join(heard).split()]
    assert [ended(pid) for pid in pids] == [True, True]


def test_a_thread_is_told_of_its_timeout_and_of_what_cannot_start(tmp_path: Path) -> None:
    late = programs.run_blocking(["sleep", "600"], cwd="/", env=ENV, timeout=0.1, stop=lambda: False)
    assert late.timed_out
    with pytest.raises(CannotStart, match="nowhere"):
        programs.run_blocking([str(tmp_path / "nowhere")], cwd="/", env=ENV)


def test_on_an_event_loop_the_blocking_one_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"an async def command awaits programs\.run"):
            programs.run_blocking(["true"], cwd="/", env=ENV)

    asyncio.run(main())
