"""Putting a history of finished jobs into a file, through the store's own operations."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from hookyard.clock import SystemClock
from hookyard.ids import IdSource
from hookyard.model import Delivery, ErrorInfo, Job
from hookyard.store.contract import Enqueue, Finish, Lease, Op, Result
from hookyard.store.sqlite import SqliteStore

BATCH = 500
"""Jobs a transaction; each is two operations."""


def finished(job_id: str, token: int, now: int) -> tuple[Op, Op]:
    """A job that is leased as it is stored, and ends at once. Some are of a kind that lists are asked for.

    One in ten failed, one in ten came by a source and has a tag, one in twenty is of a rare command: so a thousand jobs
    have as many of each as a page shows, and a page is the same work in a short history as in a long one.
    """
    failed, marked, rare = token % 10 == 0, token % 10 == 1, token % 20 == 2
    command = "rare" if rare else "echo"
    job = Job(
        id=job_id,
        plugin="bench",
        command=command,
        lane=f"bench/{command}",
        args=b'{"name":"Ada"}',
        submitted_at=now,
        run_at=now,
        principal="source:github" if marked else "token:bench",
        source="github" if marked else None,
        tags=("nightly",) if marked else (),
        request_id=job_id,
    )
    lease = Lease(token, "fill", now + 30_000)
    end = Finish(
        now=now,
        job_id=job_id,
        token=token,
        status="failed" if failed else "succeeded",
        outcome="failed" if failed else "succeeded",
        reason="attempts_exhausted" if failed else None,
        error=ErrorInfo(code="disk_full", message="There is no room left.") if failed else None,
        result=None if failed else b'{"text":"Hello, Ada!"}',
    )
    return Enqueue(now=now, job=job, lease=lease), end


BODY = (
    b'{"type":"job.succeeded","timestamp":"2026-01-01T00:00:00.000Z","data":{"job_id":"%s","status":"succeeded",'
    b'"plugin":"bench","command":"echo","attempt":1,"result":{"text":"Hello, Ada!"},'
    b'"submitted_at":"2026-01-01T00:00:00.000Z","started_at":"2026-01-01T00:00:00.000Z",'
    b'"completed_at":"2026-01-01T00:00:00.000Z"}}'
)


def told(job_id: str, token: int, now: int, delivery_id: str, endpoint: str) -> tuple[Op, Op]:
    """A job that has succeeded, and whose webhook is still to be sent."""
    enqueue, end = finished(job_id, token, now)
    assert isinstance(end, Finish)
    delivery = Delivery(
        id=delivery_id,
        job_id=job_id,
        request_id=job_id,
        event="job.succeeded",
        endpoint=endpoint,
        url=None,
        body=BODY % job_id.encode(),
        created_at=now,
        next_at=now,
    )
    changes = {"status": "succeeded", "outcome": "succeeded", "reason": None, "error": None, "result": b"{}"}
    return enqueue, structs.replace(end, deliveries=(delivery,), **changes)


def batches(count: int, endpoint: str | None = None) -> Iterator[list[Op]]:
    make_id = IdSource(SystemClock())
    for start in range(0, count, BATCH):
        now = time.time_ns() // 1_000_000
        numbers = range(start, min(start + BATCH, count))
        if endpoint is None:
            pairs = [finished(make_id(), number + 1, now) for number in numbers]
        else:
            pairs = [told(make_id(), number + 1, now, make_id(), endpoint) for number in numbers]
        yield [op for pair in pairs for op in pair]


async def fill(path: Path, count: int, endpoint: str | None = None) -> None:
    """Leave `count` finished jobs in a new file at `path`, each with a webhook to send where an endpoint is named."""
    store = await SqliteStore.open(path, synchronous="normal")  # the filling is not what is measured
    try:
        for ops in batches(count, endpoint):
            check(store.apply(ops))
    finally:
        await store.aclose()
        store.close()


def check(results: list[Result]) -> None:
    odd = {type(result).__name__ for result in results} - {"Enqueued", "Done"}
    if odd:
        raise RuntimeError(f"filling went wrong: {odd}")


def filled(path: Path, count: int, endpoint: str | None = None) -> float:
    """Fill, and return how many seconds it took."""
    started = time.perf_counter()
    asyncio.run(fill(path, count, endpoint))
    return time.perf_counter() - started
