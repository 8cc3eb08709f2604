"""A process for each call: through the exec runner, beside bare `posix_spawn` of the same executable.

The executable is `printf` of the coreutils, which answers the protocol with a result and reads nothing. The rival
starts it with the same arguments and waits for it, without pipes, as many in flight.
"""

import asyncio
import os
import shutil
import time

import uvloop
from msgspec import Struct

from bench.harness import Options, interleaved
from bench.stats import Result
from hookyard.command import CommandOptions, CommandSpec
from hookyard.context import JobInfo
from hookyard.host.foreign.exec import ExecLaunch
from hookyard.host.registry import Command
from hookyard.process.spec import ProcessSpec
from hookyard.runners.exec import ExecRunner
from hookyard.testing.run import FakeCall

IN_FLIGHT = 8
ANSWER = '%.0s%.0s{"kind":"result","output":{"text":"done"}}\\n'
ENV = {"PATH": "/usr/bin:/bin"}


class In(Struct):
    name: str


class Out(Struct):
    text: str


def command(program: str) -> Command:
    spec = CommandSpec(
        plugin="bench",
        name="go",
        function=print,
        is_async=True,
        input_type=In,
        output_type=Out,
        summary="",
        description="",
        options=CommandOptions(isolation="exec"),
    )
    process = ProcessSpec(argv=(program, ANSWER), cwd="/", env=ENV)
    launch = ExecLaunch(process=process)
    return Command(spec=spec, config=None, lane="bench/go", lane_limit=8, timeout=1, max_attempts=1, launch=launch)


async def through_the_runner(program: str, seconds: float) -> float:
    runner, bound = ExecRunner(), command(program)
    info = JobInfo(id="job", plugin="bench", command="go", deadline=2_000_000_000_000)
    done, end = 0, time.monotonic() + seconds

    async def caller() -> None:
        nonlocal done
        while time.monotonic() < end:
            await runner.run(FakeCall(bound, In("Ada"), info, 10_000, args=b'{"name":"Ada"}'))
            done += 1

    began = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return done / (time.monotonic() - began)


def bare(program: str, seconds: float) -> float:
    nowhere = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (0, 1, 2)]
    running, done, end = 0, 0, time.monotonic() + seconds
    began = time.monotonic()
    while time.monotonic() < end or running:
        while running < IN_FLIGHT and time.monotonic() < end:
            os.posix_spawn(program, [program, ANSWER, "call", "go"], ENV, file_actions=actions)
            running += 1
        if running:
            os.waitpid(-1, 0)
            running -= 1
            done += 1
    os.close(nowhere)
    return done / (time.monotonic() - began)


def run(options: Options) -> list[Result]:
    row = {"name": "exec", "work": "a process for each call, through the exec runner", "unit": "/s", "goal": 0.8}
    against = "bare `posix_spawn` of the same executable, 8 in flight"
    program = shutil.which("printf")
    if program is None:
        return [Result(**row, against=against, ours=[], skipped="there is no printf program")]
    ours, rival = interleaved(
        options,
        lambda: uvloop.run(through_the_runner(program, options.seconds)),
        lambda: bare(program, options.seconds),
    )
    return [Result(**row, against=against, ours=ours, rival=rival)]
