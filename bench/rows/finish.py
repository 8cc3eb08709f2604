"""The whole life of a job: accepted, run inline, its end on disk."""

import time

from bench import progress
from bench.harness import BODY, PATH, Options, Server, hookyard, interleaved, measure, noop, rate, scratch
from bench.load import Target
from bench.stats import Result


def finished(options: Options, server: Server, target: Target | None = None) -> float:
    """Jobs a second from the first request to the last job's end, whatever had to wait in the queue."""
    with progress.reading(server.folder / "hookyard.db") as db:
        before = progress.one(db, progress.DONE_JOBS)
        started = time.time()
        load = measure(options, target or server.target(PATH, BODY))
        progress.wait_until_done(db, progress.QUEUED, progress.RUNNING, patience=60)
        done = progress.one(db, progress.DONE_JOBS) - before
        ended = progress.one(db, progress.LAST_JOB) / 1000
    if done < load.requests:
        raise RuntimeError(f"{load.requests} jobs were accepted and {done} succeeded")
    return done / (ended - started)


def run(options: Options) -> list[Result]:
    with (
        scratch(options, "finish") as folder,
        hookyard(folder / "ours") as ours,
        noop(folder / "noop") as bare,
    ):
        ran, answered = interleaved(
            options, lambda: finished(options, ours), lambda: rate(options, bare.target("/noop", BODY))
        )
    return [
        Result(
            name="finish",
            work="accepted, run inline, finished durably",
            against="the same no-op",
            unit="/s",
            ours=ran,
            rival=answered,
            goal=0.45,
        )
    ]
