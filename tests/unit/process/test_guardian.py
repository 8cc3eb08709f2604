"""Each test has a program of its own, as the guardian is one of a process and acts when that is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

HEAD = """
import asyncio, os, signal, subprocess, sys, threading, time
from hookyard.process.guardian import GUARDIAN
from hookyard.process.once import run_once
from hookyard.process.spec import ProcessSpec

def say(*what):
    print(*what, flush=True)

def run(script, on_stdout=None):
    spec = ProcessSpec(argv=("/bin/sh", "-c", script), cwd="/", env={"PATH": "/usr/bin:/bin"}, grace=1000)
    return asyncio.run(run_once(spec, b"", timeout=60, stdout_limit=1000, on_stdout=on_stdout))
"""


@contextmanager
def program(text: str) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        (sys.executable, "-c", HEAD + text), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def numbers(process: "subprocess.Popen[str]") -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]


def runs(pid: int) -> bool:
    """Whether it runs; a zombie that somebody else has to reap does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(what)
        time.sleep(0.005)  # between two looks at another process, which cannot tell us


LONG = """
def heard(piece):
    say(piece.decode().strip(), GUARDIAN.pid)
run('trap "" TERM; sleep 60 & echo $$ $!; wait', heard)
"""


def test_what_runs_is_killed_with_all_its_group_when_its_server_is_killed() -> None:
    with program(LONG) as server:
        leader, child, guardian = numbers(server)
        assert runs(leader)
        assert runs(child)
        server.kill()
        server.wait()
        until(lambda: not runs(leader) and not runs(child), "a program outlived its server")
        until(lambda: not runs(guardian), "the guardian stayed")


def test_it_is_out_of_reach_of_what_is_meant_for_the_server() -> None:
    with program(LONG) as server:
        leader, child, guardian = numbers(server)
        assert os.getpgid(guardian) == os.getsid(guardian) == guardian
        status = Path(f"/proc/{guardian}/status")
        ignored = 1 << (signal.SIGTERM - 1) | 1 << (signal.SIGINT - 1) | 1 << (signal.SIGHUP - 1)

        def deaf() -> bool:
            mask = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("SigIgn"))
            return int(mask.split()[1], 16) & ignored == ignored

        until(deaf, "it hears signals")
        server.kill()
        until(lambda: not runs(leader) and not runs(child), "a program outlived its server")


def test_it_is_gone_with_a_server_that_ends_by_itself() -> None:
    with program("run('true'); say(GUARDIAN.pid)") as server:
        (guardian,) = numbers(server)
        assert server.wait(30) == 0
        assert not runs(guardian)


def test_there_is_none_before_something_runs() -> None:
    with program("say(int(GUARDIAN.pid is None))") as server:
        assert numbers(server) == [1]


def test_a_number_that_was_given_back_is_left_alone_and_one_that_was_not_is_not() -> None:
    text = """
GUARDIAN.group_starts(int(sys.stdin.readline()))
other = int(sys.stdin.readline())
GUARDIAN.group_starts(other)
GUARDIAN.group_ends(other)
say(GUARDIAN.pid)
time.sleep(60)
"""
    sleeper = ("/bin/sleep", "60")
    with (
        subprocess.Popen(sleeper, process_group=0) as told,
        subprocess.Popen(sleeper, process_group=0) as ended,
        program(text) as server,
    ):
        try:
            assert server.stdin is not None
            server.stdin.write(f"{told.pid}\n{ended.pid}\n")
            server.stdin.flush()
            (guardian,) = numbers(server)
            server.kill()
            assert told.wait(30) == -signal.SIGKILL
            until(lambda: not runs(guardian), "the guardian stayed")
            assert ended.poll() is None
        finally:
            told.kill()
            ended.kill()


def test_folders_are_removed_and_those_that_were_given_back_are_not(tmp_path: Path) -> None:
    scratch, kept = tmp_path / "scratch", tmp_path / "kept"
    for folder in (scratch, kept):
        (folder / "in it").mkdir(parents=True)
    text = f"""
GUARDIAN.folder_starts({str(scratch)!r})
GUARDIAN.folder_starts({str(kept)!r})
GUARDIAN.folder_ends({str(kept)!r})
say(GUARDIAN.pid)
time.sleep(60)
"""
    with program(text) as server:
        (guardian,) = numbers(server)
        server.kill()
        until(lambda: not runs(guardian), "the guardian stayed")
    assert not scratch.exists()
    assert kept.exists()


def test_one_that_was_killed_is_replaced_and_its_successor_knows_what_runs() -> None:
    text = """
first = subprocess.Popen(["/bin/sleep", "60"], process_group=0)
GUARDIAN.group_starts(first.pid)
before = GUARDIAN.pid
os.kill(before, signal.SIGKILL)
os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
run("true")
say(first.pid, before, GUARDIAN.pid)
time.sleep(60)
"""
    with program(text) as server:
        first, before, after = numbers(server)
        assert before != after
        server.kill()
        until(lambda: not runs(first), "what the first guardian knew was forgotten")


def test_a_fork_of_the_server_that_lives_on_keeps_nobody_from_ending_what_runs() -> None:
    text = """
held = subprocess.Popen(["/bin/sleep", "60"], process_group=0)
GUARDIAN.group_starts(held.pid)
fork = os.fork()
if fork == 0:
    time.sleep(60)
    os._exit(0)
say(held.pid, fork)
time.sleep(60)
"""
    with program(text) as server:
        held, fork = numbers(server)
        try:
            server.kill()
            until(lambda: not runs(held), "it waited for the fork")
        finally:
            with suppress(ProcessLookupError):
                os.kill(fork, signal.SIGKILL)
