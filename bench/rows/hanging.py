"""Whether receivers that hang delay the others: 1,000 endpoints, of which ten never answer."""

import contextlib
import http.client
import itertools
import statistics
import time
from pathlib import Path

import apsw

from bench import progress
from bench.harness import BODY, PATH, Options, Receiver, Server, hookyard, interleaved, scratch
from bench.rows.deliver import receiver_process
from bench.stats import Result

ENDPOINTS, HANGING = 1_000, 10
EVERY = 1.0
"""Seconds from one job to the next; each is told to all endpoints."""
OPEN = "SELECT EXISTS (SELECT 1 FROM delivery WHERE status IN ('pending', 'sending') AND endpoint GLOB 'e*')"
LATENCIES = """
SELECT started_at + duration - created_at
FROM delivery CROSS JOIN delivery_attempt ON delivery_key = key
WHERE delivery.status = 'delivered' AND endpoint GLOB 'e*' AND created_at >= ?
"""


def trigger(server: Server, jobs: int) -> None:
    """Start a job every now and then, on time however long the one before took."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    with contextlib.closing(connection):
        begun = time.monotonic()
        for number in range(jobs):
            time.sleep(max(0.0, begun + number * EVERY - time.monotonic()))
            connection.request("POST", PATH, BODY, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise RuntimeError(f"a job was refused: {answer.status}")


def p99(folder: Path, listener: Server, jobs: int, hanging: int) -> float:
    """Milliseconds from a job's end to the answer of an endpoint that answers, of the slowest in a hundred."""
    paths = {f"e{number}": f"/e/{number}" for number in range(ENDPOINTS - HANGING)}
    paths |= {f"h{number}": f"/{'hang' if number < hanging else 'well'}/{number}" for number in range(HANGING)}
    receiver = Receiver(listener.port, paths=paths)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(hookyard(folder, receiver))
        server.get("/readyz")  # it listens before it has made its file
        db = stack.enter_context(progress.reading(folder / "hookyard.db"))
        waiting = (progress.QUEUED, progress.RUNNING, OPEN)
        trigger(server, 1)  # the first one connects to everybody, which is not what is asked
        progress.wait_until_done(db, *waiting, patience=120)
        since = time.time_ns() // 1_000_000
        trigger(server, jobs)
        progress.wait_until_done(db, *waiting, patience=120)
        return _p99(db, since, jobs * (ENDPOINTS - HANGING))


def _p99(db: apsw.Connection, since: int, expected: int) -> float:
    took = [float(row[0]) for row in db.execute(LATENCIES, (since,))]
    if len(took) != expected:
        raise RuntimeError(f"{expected} should have arrived, and {len(took)} have")
    return statistics.quantiles(took, n=100)[98]


def run(options: Options) -> list[Result]:
    jobs = 10 if options.quick else 20
    turns = itertools.count()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(options, "hanging"))
        listener = stack.enter_context(receiver_process(folder / "receiver"))
        some, none = interleaved(
            options,
            lambda: p99(folder / f"some-{next(turns)}", listener, jobs, HANGING),
            lambda: p99(folder / f"none-{next(turns)}", listener, jobs, 0),
        )
    return [
        Result(
            name="hanging",
            work=f"p99 from the end of a job to the answer of {ENDPOINTS:,} endpoints, of which {HANGING} hang",
            against="the same where none hangs",
            unit=" ms",
            ours=some,
            rival=none,
            goal=2,
            better="lower",
            note="Of the endpoints that answer. Every second a job ends and all are told; the first is not counted.",
        )
    ]
