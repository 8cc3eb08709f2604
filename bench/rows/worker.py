"""A worker's process beside the event loop, and beside a process for every job."""

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.harness import BODY, PATH, ROOT, Options, hookyard, interleaved, scratch
from bench.rows.finish import finished
from bench.stats import Result
from hookyard.config.model import OutboundSettings, PluginSettings
from hookyard.context import CancelFlag, JobInfo
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.worker.launch import launch_of
from hookyard.host.importing import import_plugin
from hookyard.host.registry import Command
from hookyard.runners import Runners
from hookyard.testing.run import FakeCall

WORKER_PATH = "/trigger/bench_worker/echo"
ARGS = b'{"name":"Ada"}'
IN_FLIGHT = 64
CHILD = "import sys, json; json.dump({'text': 'Hello, ' + json.load(sys.stdin)['name'] + '!'}, sys.stdout)"

FRESH = [sys.executable, "-I", "-S", "-c", CHILD]


def run(options: Options) -> list[Result]:
    with scratch(options, "worker") as folder, hookyard(folder / "ours") as ours:
        inside = ours.target(WORKER_PATH, BODY)
        inline = ours.target(PATH, BODY)
        in_worker, on_loop = interleaved(
            options, lambda: finished(options, ours, inside), lambda: finished(options, ours, inline)
        )
    alone, fresh = interleaved(options, lambda: asyncio.run(runner_alone(options)), lambda: a_process_a_job(options))
    return [
        Result(
            name="worker",
            work="accepted, run in a worker's process, finished durably",
            against="the same inline",
            unit="/s",
            ours=in_worker,
            rival=on_loop,
            goal=0.7,
        ),
        Result(
            name="worker-alone",
            work=f"the runner alone, {IN_FLIGHT} in flight, one worker",
            against="a Python process for each, two at a time",
            unit="/s",
            ours=alone,
            rival=fresh,
            goal=20,
        ),
    ]


def command() -> Command:
    file = ROOT / "bench" / "plugins" / "bench_worker.py"
    candidate = Candidate(name="bench_worker", origin=str(file), file=file, folder=file.parent)
    spec = import_plugin(candidate).commands["echo"]
    launch = launch_of(candidate, PluginSettings(), ROOT, outbound=OutboundSettings())
    return Command(spec=spec, config=None, lane=spec.key, lane_limit=64, timeout=60_000, max_attempts=1, launch=launch)


async def runner_alone(options: Options) -> float:
    """Calls a second through the runner, without a server around it."""
    echo, runners = command(), Runners()
    info = JobInfo(id="0" * 36, plugin="bench_worker", command="echo", request_id="0" * 36, principal="token:bench")
    data = echo.spec.decode(ARGS)
    done = 0

    async def caller(until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await runners.run(FakeCall(echo, data, info, 60_000, args=ARGS, cancel=CancelFlag()))
            done += 1

    try:
        await runners.run(FakeCall(echo, data, info, 60_000, args=ARGS))
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(caller(started + options.seconds))
        return done / (time.perf_counter() - started)
    finally:
        await runners.aclose()


def a_process_a_job(options: Options) -> float:
    """The same work by a new interpreter for each job, as bare as one can be started."""
    until = time.perf_counter() + options.seconds
    started = time.perf_counter()

    def one_after_the_other(_: int) -> int:
        done = 0
        while time.perf_counter() < until:
            answer = subprocess.run(
                [sys.executable, "-I", "-S", "-c", CHILD], input=ARGS, capture_output=True, check=True
            )
            if json.loads(answer.stdout) != {"text": "Hello, Ada!"}:
                raise RuntimeError(f"{Path(sys.executable).name} answered {answer.stdout!r}")
            done += 1
        return done

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(one_after_the_other, range(2))) / (time.perf_counter() - started)
