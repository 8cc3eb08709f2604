"""The store alone: 64 callers, each storing a job and then finishing it, against raw APSW writing the same rows.

    python bench/store.py [--json PATH] [--seconds 3] [--repeats 5] [--profile]

The rival uses APSW by hand, in one thread, without an event loop: one transaction for 64 jobs, one for 64 ends, into
the same tables with the same durability. It is written twice, with `executemany` as one usually writes it, and with
the same multi-row statements that the store uses; the ratio is to the faster of the two. Runs are interleaved, each
on a fresh file; the ratio is made in each round, and the median of the rounds is told.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import os
import platform
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import getrandbits

import apsw
import msgspec
import uvloop

from hookyard import log
from hookyard.clock import SystemClock
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Enqueue, Finish, Lease
from hookyard.store.sqlite import SqliteStore, statements
from hookyard.store.sqlite.connect import configure, connect
from hookyard.store.sqlite.migrate import migrate

CALLERS = 64
ARGS = b'{"name": "Ada", "greeting": "Hello", "times": 3}'
RESULT = b'{"text": "Hello, Ada!"}'


async def through_the_coalescer(folder: Path, seconds: float) -> float:
    """Jobs stored and finished a second, by 64 concurrent callers."""
    store = await SqliteStore.open(folder / "hookyard.db")
    writer = Coalescer(store, queue=10_000, batch=256)
    await writer.start()
    clock = SystemClock()
    new_id = IdSource(clock)
    done = 0
    end = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < end:
            now = clock.now()
            job = Job(
                id=new_id(),
                plugin="hello",
                command="greet",
                lane="hello/greet",
                args=ARGS,
                submitted_at=now,
                run_at=now,
                principal="token:bench",
                request_id="bench",
            )
            lease = Lease(token=getrandbits(62), worker="bench", expires_at=now + 30_000)
            await writer.submit(Enqueue(now=now, job=job, lease=lease))
            await writer.submit(
                Finish(
                    now=clock.now(),
                    job_id=job.id,
                    token=lease.token,
                    status="succeeded",
                    outcome="succeeded",
                    result=RESULT,
                )
            )
            done += 1

    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took = time.perf_counter() - start
    await store.aclose()
    await writer.aclose()
    return done / took


def _jobs(clock: SystemClock, first: int) -> list[tuple[object, ...]]:
    now = clock.now()
    return [
        (
            *(first + at, getrandbits(62), "hello", "greet", "hello/greet", 0, 4, now, now, None, "token:bench", None),
            *("bench", None, "[]", ARGS, "running", None, 1, now, getrandbits(62), now + 30_000, "bench", None),
        )
        for at in range(CALLERS)
    ]


def _raw(
    folder: Path, seconds: float, batch: Callable[[apsw.Connection, list[tuple[object, ...]], int], None]
) -> float:
    path = folder / "raw.db"
    connection = connect(path)
    configure(connection, "full")
    migrate(connection)
    clock = SystemClock()
    done = 0
    key = clock.now() << 12
    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        batch(connection, _jobs(clock, key), clock.now())  # type: ignore[arg-type]
        key += CALLERS
        done += CALLERS
    took = time.perf_counter() - start
    connection.close()
    return done / took


_INSERT = statements.load("enqueue")["enqueue"]
_SETTLE = statements.load("settle")
_ADD, _FINISH = _SETTLE["add_attempts"], _SETTLE["finish"]
_UPDATE = """
UPDATE job_log SET status = ?, reason = ?, result = ?, last_error = ?, completed_at = ?, lease_token = NULL,
  lease_expires_at = NULL, worker = NULL
WHERE key = ? AND lease_token = ?
"""


def executemany(connection: apsw.Connection, jobs: list[tuple[object, ...]], now: int) -> None:
    """As one usually writes it."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_INSERT.text, jobs)  # type: ignore[arg-type]
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_ADD.text, [(job[0], 1, "succeeded", "bench", now, now, None) for job in jobs])  # type: ignore[arg-type]
    connection.executemany(_UPDATE, [("succeeded", None, RESULT, None, now, job[0], job[20]) for job in jobs])  # type: ignore[arg-type]
    connection.execute("COMMIT")


def multi_row(connection: apsw.Connection, jobs: list[tuple[object, ...]], now: int) -> None:
    """With the multi-row statements that the store uses."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_INSERT.for_rows(len(jobs)), [value for job in jobs for value in job])  # type: ignore[arg-type, misc]
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    attempts = [value for job in jobs for value in (job[0], 1, "succeeded", "bench", now, now, None)]
    connection.execute(_ADD.for_rows(len(jobs)), attempts)  # type: ignore[arg-type]
    ends = [value for job in jobs for value in (job[0], "succeeded", None, RESULT, None, now)]
    connection.execute(_FINISH.for_rows(len(jobs)), ends)  # type: ignore[arg-type]
    connection.execute("COMMIT")


def fsync_cost(folder: Path) -> float:
    """Milliseconds that one fsync of an appended page takes, the median of 200."""
    costs: list[float] = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(file.fileno())
            costs.append((time.perf_counter() - start) * 1000)
    return statistics.median(costs)


RUNS: dict[str, Callable[[Path, float], float]] = {
    "raw APSW, executemany": lambda folder, seconds: _raw(folder, seconds, executemany),
    "raw APSW, multi-row": lambda folder, seconds: _raw(folder, seconds, multi_row),
    "coalescer, 64 callers": lambda folder, seconds: uvloop.run(through_the_coalescer(folder, seconds)),
}


def measure(seconds: float, repeats: int) -> Iterator[tuple[str, float]]:
    """Each run in turn, over and over."""
    for _ in range(repeats):
        for name, run in RUNS.items():
            with tempfile.TemporaryDirectory() as folder:
                yield name, run(Path(folder), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="profile the event loop's thread instead")
    options = parser.parse_args()
    log.setup("warning")
    if options.profile:
        with tempfile.TemporaryDirectory() as folder, cProfile.Profile() as profile:
            uvloop.run(through_the_coalescer(Path(folder), options.seconds))
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    rates: dict[str, list[float]] = {name: [] for name in RUNS}
    for name, rate in measure(options.seconds, options.repeats):
        rates[name].append(rate)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    rivals, ours = list(RUNS)[:2], list(RUNS)[2]
    ratios = {
        rival: statistics.median(mine / theirs for mine, theirs in zip(rates[ours], rates[rival], strict=True))
        for rival in rivals
    }
    with tempfile.TemporaryDirectory() as folder:
        fsync = fsync_cost(Path(folder))
    report = {
        "work": "the store alone, 64 callers, enqueue and finish",
        "jobs_per_second": {name: round(rate) for name, rate in medians.items()},
        "all": {name: [round(rate) for rate in values] for name, values in rates.items()},
        "ratio": round(min(ratios.values()), 3),
        "ratio_to_executemany": round(ratios[rivals[0]], 3),
        "goal": 0.6,
        "durability": "synchronous=FULL, resolved after COMMIT",
        "fsync_ms": round(fsync, 3),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {"python": platform.python_version(), "apsw": apsw.apsw_version(), "msgspec": msgspec.__version__},
    }
    for name, rate in medians.items():
        print(f"{name:24} {rate:10,.0f} jobs/s")
    print(f"{'ratio':24} {report['ratio']:10.2f}   (goal 0.6; to executemany {report['ratio_to_executemany']:.2f})")
    print(f"{'fsync':24} {fsync:10.2f} ms")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
