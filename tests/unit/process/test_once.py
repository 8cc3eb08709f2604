import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop

from hookyard.process.guardian import GUARDIAN
from hookyard.process.once import Exit, describe_once, run_once
from hookyard.process.spec import Limits, ProcessSpec

T = TypeVar("T")
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Run = Callable[[Coroutine[Any, Any, Any]], Any]
MANY = 1 << 20
FDS = Path("/proc/self/fd")
STARTED = 2.0
"""Seconds after which a shell has surely come to its first lines, also on a busy machine."""


def bash(script: str, *args: str | Path, cwd: Path | None = None, grace: int = 5_000, **env: str) -> ProcessSpec:
    return ProcessSpec(
        argv=("/bin/bash", "-c", script, "bash", *map(str, args)),
        cwd=str(cwd or "/"),
        env={"PATH": "/usr/bin:/bin", **env},
        grace=grace,
    )


def once(
    spec: ProcessSpec,
    stdin: bytes = b"",
    timeout: float = 20.0,
    *,
    stdout_limit: int = MANY,
    stderr_limit: int = 65_536,
    on_stdout: Callable[[bytes], object] | None = None,
) -> Exit:
    return asyncio.run(
        run_once(
            spec, stdin, timeout=timeout, stdout_limit=stdout_limit, stderr_limit=stderr_limit, on_stdout=on_stdout
        )
    )


def wait_for(path: Path, seconds: float = 30.0) -> str:
    """The text of a file that another process is about to write."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text("utf-8")).endswith("\n"):
            return text.strip()
        time.sleep(0.005)  # between two looks at another process, which cannot tell us
    pytest.fail(f"{path.name} was not written")


def alive(pid: int) -> bool:
    """Whether it runs; a zombie that somebody else has to reap does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def eventually_dead(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.005)  # as above
    return not alive(pid)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    uvloop.run(asyncio.sleep(0))  # what libuv opens once for all loops
    GUARDIAN.close()  # that of an earlier test
    gc.collect()  # so that nothing that an earlier test left is closed meanwhile
    before = sorted(FDS.iterdir())
    yield
    GUARDIAN.close()  # it stays for as long as this process does
    assert sorted(FDS.iterdir()) == before
    with pytest.raises(ChildProcessError):  # no child, and so no zombie either
        os.waitpid(-1, os.WNOHANG)


@asynccontextmanager
async def under_way(work: Coroutine[Any, Any, T]) -> AsyncGenerator[asyncio.Task[T]]:
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def appears(path: Path) -> str:
    return await asyncio.to_thread(wait_for, path)


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/nowhere/python9 -u\n", "utf-8")
    script.chmod(0o755)
    done = once(ProcessSpec(argv=(str(script),), cwd="/", env={}))
    assert not done.started
    assert done.error == f"No such file or directory (/nowhere/python9, which its first line names): {script}"


@LOOPS
def test_it_reads_and_answers(run: Run) -> None:
    spec = bash("cat; echo seen >&2; exit 3")
    done = run(run_once(spec, b"hello", timeout=10, stdout_limit=MANY))
    assert done == Exit(returncode=3, stdout=b"hello", stderr=b"seen\n")


@LOOPS
def test_much_goes_in_and_comes_out_at_once(run: Run) -> None:
    data = os.urandom(3 * MANY)
    done = run(run_once(bash("cat"), data, timeout=20, stdout_limit=4 * MANY))
    assert (done.returncode, done.stdout_cut) == (0, False)
    assert done.stdout == data


@pytest.mark.parametrize("size", [0, 10, 3 * MANY])
def test_a_program_that_does_not_read_is_no_error(size: int) -> None:
    assert once(bash("exec <&-; echo done"), b"x" * size) == Exit(returncode=0, stdout=b"done\n")


def test_pieces_are_handed_on_while_it_runs(tmp_path: Path) -> None:
    async def scene() -> tuple[Exit, list[bytes], list[bytes]]:
        go, out, err = tmp_path / "go", list[bytes](), list[bytes]()

        def heard(piece: bytes) -> None:
            out.append(piece)
            go.touch()  # it ends only because it was heard before its end

        spec = bash('echo one; until [ -e "$1" ]; do sleep 0.01; done; echo two; echo three >&2', go)
        done = await run_once(spec, b"", timeout=20, stdout_limit=MANY, on_stdout=heard, on_stderr=err.append)
        return done, out, err

    done, out, err = asyncio.run(scene())
    assert done == Exit(returncode=0)
    assert (b"".join(out), b"".join(err)) == (b"one\ntwo\n", b"three\n")


def test_what_a_listener_raises_ends_the_process_and_comes_out(tmp_path: Path) -> None:
    def heard(piece: bytes) -> None:
        raise LookupError(piece.decode())

    with pytest.raises(LookupError, match="one"):
        once(bash('echo $$ > "$1"; echo one; exec sleep 60', tmp_path / "pid"), on_stdout=heard)
    assert not alive(int(wait_for(tmp_path / "pid")))


def test_a_program_that_writes_a_gigabyte_is_ended_and_costs_its_limit() -> None:
    done = once(bash("exec head -c 1073741824 /dev/zero"), stdout_limit=100_000)
    assert (len(done.stdout), done.stdout_cut, done.timed_out) == (100_000, True, False)
    assert done.signal in {signal.SIGTERM, signal.SIGPIPE}


def test_what_is_too_much_on_stderr_is_dropped_and_it_runs_on() -> None:
    done = once(bash("head -c 300000 /dev/zero >&2; echo done"), stderr_limit=1000)
    assert (done.returncode, done.stdout, len(done.stderr), done.stderr_cut) == (0, b"done\n", 1000, True)


@LOOPS
def test_at_the_timeout_it_is_asked_to_end(run: Run, tmp_path: Path) -> None:
    script = "trap 'echo asked; exit 7' TERM; while :; do sleep 0.01; done"
    done = run(run_once(bash(script), b"", timeout=STARTED, stdout_limit=MANY))
    assert (done.returncode, done.stdout, done.timed_out) == (7, b"asked\n", True)


def test_a_program_that_ignores_sigterm_is_killed_after_the_grace() -> None:
    began = time.monotonic()
    done = once(bash("trap '' TERM; while :; do sleep 0.01; done", grace=200), timeout=STARTED)
    assert (done.signal, done.returncode, done.timed_out) == (signal.SIGKILL, None, True)
    assert STARTED + 0.2 <= time.monotonic() - began < 30


def test_setting_stop_ends_it(tmp_path: Path) -> None:
    async def scene() -> Exit:
        stop = asyncio.Event()
        script = 'echo $$ > "$1"; exec sleep 60'
        work = run_once(bash(script, tmp_path / "up"), b"", timeout=30, stop=stop, stdout_limit=MANY)
        async with under_way(work) as task:
            await appears(tmp_path / "up")
            stop.set()
            return await task

    assert asyncio.run(scene()) == Exit(signal=signal.SIGTERM)


@LOOPS
def test_a_cancelled_task_is_over_when_the_process_is(run: Run, tmp_path: Path) -> None:
    async def scene() -> int:
        script = 'trap \'echo bye > "$2"; exit 0\' TERM; echo $$ > "$1"; while :; do sleep 0.01; done'
        spec = bash(script, tmp_path / "up", tmp_path / "bye")
        async with under_way(run_once(spec, b"", timeout=30, stdout_limit=MANY)) as task:
            pid = int(await appears(tmp_path / "up"))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return pid

    assert not alive(run(scene()))
    assert (tmp_path / "bye").exists()


def test_a_second_cancellation_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    async def scene() -> float:
        spec = bash("trap '' TERM; echo $$ > \"$1\"; while :; do sleep 0.01; done", tmp_path / "up", grace=60_000)
        async with under_way(run_once(spec, b"", timeout=30, stdout_limit=MANY)) as task:
            await appears(tmp_path / "up")
            began = time.monotonic()
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - began

    assert asyncio.run(scene()) < 30


def test_children_that_it_leaves_behind_are_killed_and_their_pipes_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    done = once(bash('sleep 60 & echo $! > "$1"; echo done', tmp_path / "child"))
    assert done == Exit(returncode=0, stdout=b"done\n")
    assert time.monotonic() - began < 30
    assert eventually_dead(int(wait_for(tmp_path / "child")))


def test_a_child_that_left_the_group_holds_nobody_up(tmp_path: Path) -> None:
    script = 'setsid bash -c \'echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 60\' bash "$1" & '
    script += 'until [ -e "$1" ]; do sleep 0.01; done; echo done'
    began = time.monotonic()
    try:
        done = once(bash(script, tmp_path / "child"))
        assert done == Exit(returncode=0, stdout=b"done\n")
        assert time.monotonic() - began < 30
    finally:
        os.kill(int(wait_for(tmp_path / "child")), signal.SIGKILL)


def test_a_program_that_forks_until_it_is_stopped_is_gone_with_all_its_children(tmp_path: Path) -> None:
    script = 'for i in $(seq 20); do sleep 60 & done; jobs -p > "$1.new"; mv "$1.new" "$1"; trap "" TERM; wait'
    once(bash(script, tmp_path / "children", grace=100), timeout=2 * STARTED)
    children = [int(line) for line in wait_for(tmp_path / "children").split()]
    assert len(children) == 20
    assert all(eventually_dead(child) for child in children)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (None, 0, "No such file or directory"),
        ("#!/bin/bash\n", 0o644, "Permission denied"),
        ("no program at all", 0o755, "Exec format error"),
        ("#!/nowhere/python\n", 0o755, "No such file or directory"),
    ],
)
@pytest.mark.parametrize("limits", [Limits(), Limits(files=100)], ids=["free", "limited"])
def test_what_cannot_be_executed_says_why(
    tmp_path: Path, content: str | None, mode: int, reason: str, limits: Limits
) -> None:
    if limits != Limits() and reason == "Exec format error":
        pytest.skip("prlimit runs it by /bin/sh")
    program = tmp_path / "program"
    if content is not None:
        program.write_text(content, "utf-8")
        program.chmod(mode)
    done = once(ProcessSpec(argv=(str(program),), cwd="/", env={}, limits=limits))
    assert (done.started, done.returncode) == (False, None)
    assert reason in done.error
    assert str(program) in done.error


def test_a_working_directory_that_is_not_there_is_said_too(tmp_path: Path) -> None:
    done = once(bash("true", cwd=tmp_path / "gone"))
    assert (done.started, done.error) == (False, f"No such file or directory: {tmp_path / 'gone'}")


def test_a_nul_in_an_argument_is_no_crash() -> None:
    done = once(bash("true", "a\0b"))
    assert (done.started, done.error) == (False, "embedded null byte")


def test_it_sees_only_its_own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_SECRET", "s3cret")
    done = once(ProcessSpec(argv=("/usr/bin/env",), cwd=str(tmp_path), env={"ONE": "1"}))
    assert done.stdout == b"ONE=1\n"
    assert once(bash("pwd -P", cwd=tmp_path)).stdout.decode().strip() == str(tmp_path.resolve())


def test_it_inherits_no_descriptor_of_ours_not_even_an_inheritable_one(tmp_path: Path) -> None:
    with (tmp_path / "ours").open("wb") as file:
        os.set_inheritable(file.fileno(), True)
        done = once(ProcessSpec(argv=("/bin/ls", "/proc/self/fd"), cwd="/", env={}))
    assert done.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder that ls reads


def test_it_leads_a_process_group_of_its_own() -> None:
    pid, group = once(bash("echo $$ $(ps -o pgid= -p $$)")).stdout.split()
    assert pid == group


@pytest.mark.parametrize(
    ("limits", "script", "expected"),
    [
        (Limits(files=17), "ulimit -n", b"17\n"),
        (Limits(memory=1 << 30), "ulimit -v", b"1048576\n"),
        (Limits(cpu=5), "ulimit -t", b"5\n"),
        (Limits(processes=999), "ulimit -u", b"999\n"),
        (Limits(file_size=8192), "ulimit -f", b"8\n"),
    ],
)
def test_its_limits_hold_from_its_first_instruction(limits: Limits, script: str, expected: bytes) -> None:
    spec = bash(script)
    done = once(ProcessSpec(argv=spec.argv, cwd=spec.cwd, env=spec.env, limits=limits))
    assert (done.stdout, done.stderr) == (expected, b"")


def test_memory_beyond_the_limit_is_refused_to_it() -> None:
    argv = (sys.executable, "-S", "-E", "-I", "-c", "x = bytearray(1 << 30)")
    done = once(ProcessSpec(argv=argv, cwd="/", env={}, limits=Limits(memory=256 << 20)))
    assert done.returncode == 1
    assert b"MemoryError" in done.stderr


def test_a_death_by_a_signal_is_told() -> None:
    assert once(bash("kill -SEGV $$")) == Exit(signal=signal.SIGSEGV)


def test_a_hundred_at_once_do_not_mix() -> None:
    async def scene() -> list[Exit]:
        return await asyncio.gather(
            *(run_once(bash("cat"), str(n).encode(), timeout=60, stdout_limit=MANY) for n in range(100))
        )

    assert [done.stdout for done in asyncio.run(scene())] == [str(n).encode() for n in range(100)]


def test_it_can_be_waited_for_without_a_loop_and_beside_one() -> None:
    async def scene() -> Exit:
        return describe_once(bash("cat"), b"beside")  # a caller that blocks its loop

    assert describe_once(bash("cat"), b"hello") == Exit(returncode=0, stdout=b"hello")
    assert asyncio.run(scene()).stdout == b"beside"
    assert describe_once(bash("exec sleep 60"), timeout=0.2).timed_out
    assert describe_once(bash("exec cat /dev/zero"), limit=1000).stdout_cut
