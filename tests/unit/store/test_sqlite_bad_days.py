"""Full disks, read-only files, slow questions, killed processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hookyard.errors import StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Inbound, Job
from hookyard.store.contract import Enqueue, Enqueued, JobQuery
from hookyard.store.sqlite import SqliteStore
from hookyard.store.sqlite.driver import open_plain
from hookyard.store.sqlite.statements import Statement
from hookyard.testing import FakeClock

CLOCK = FakeClock()
new_id = IdSource(CLOCK)
FOREVER = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"

Story = Callable[[SqliteStore], Coroutine[Any, Any, None]]


def tell(path: Path, story: Story, *, read_timeout: int = 5000) -> None:
    async def run() -> None:
        store = await SqliteStore.open(path, read_timeout=read_timeout)
        try:
            await story(store)
        finally:
            await store.aclose()
            store.close()

    asyncio.run(run())


def enqueue(size: int = 2) -> Enqueue:
    now = CLOCK.now()
    job = Job(id=new_id(), plugin="a", command="x", lane="a/x", args=b"x" * size, submitted_at=now, run_at=now)
    return Enqueue(now=now, job=job)


async def stored(store: SqliteStore) -> set[str]:
    return {job.id for job in (await store.jobs(JobQuery(limit=100_000))).jobs}


def fill(store: SqliteStore, size: int) -> set[str]:
    """Store jobs until there is no room, and tell which were acknowledged."""
    done: set[str] = set()
    for _ in range(5000):
        ops = [enqueue(size), enqueue(size)]
        try:
            store.apply(ops)
        except StoreUnavailable:
            return done
        done |= {op.job.id for op in ops}
    pytest.fail("there is always room")


def test_a_file_that_may_not_grow_refuses_whole_batches_and_recovers(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        pages = store.connection.pragma("page_count")
        assert isinstance(pages, int)
        store.connection.pragma("max_page_count", pages + 40)
        done = fill(store, 2000)
        assert done
        assert await stored(store) == done
        with pytest.raises(StoreUnavailable) as refused:
            store.apply([enqueue(200_000)])
        assert (refused.value.code, refused.value.retry_after) == ("store_unavailable", 1)
        assert "no room" in refused.value.detail
        await store.ready()
        store.connection.pragma("max_page_count", 1_000_000)
        late = enqueue(200_000)
        assert store.apply([late]) == [Enqueued(late.job.id)]
        assert await stored(store) == done | {late.job.id}

    tell(tmp_path / "hookyard.db", story)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root, where mounting is allowed, can make a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_refuses_whole_batches_and_recovers_when_space_returns(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    acknowledged: set[str] = set()

    async def story(store: SqliteStore) -> None:
        for _ in range(2):
            done = fill(store, 3000)
            assert await stored(store) >= done
            acknowledged.update(done)
            assert await stored(store) == acknowledged
            await store.ready()
        ballast.unlink()
        late = enqueue()
        assert store.apply([late]) == [Enqueued(late.job.id)]
        acknowledged.add(late.job.id)

    async def look(store: SqliteStore) -> None:
        assert await stored(store) == acknowledged

    tell(small_disk / "hookyard.db", story)
    tell(small_disk / "hookyard.db", look)


def test_a_file_that_turns_read_only_refuses_and_recovers(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        before = enqueue()
        store.apply([before])
        store.connection.pragma("query_only", 1)
        with pytest.raises(StoreUnavailable, match="read-only"):
            store.apply([enqueue()])
        assert (await store.job(before.job.id)) == before.job
        store.connection.pragma("query_only", 0)
        after = enqueue()
        assert store.apply([after]) == [Enqueued(after.job.id)]
        assert await stored(store) == {before.job.id, after.job.id}

    tell(tmp_path / "hookyard.db", story)


def test_a_lock_that_an_operator_holds_for_too_long_is_told_and_does_no_harm(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        store.connection.set_busy_timeout(10)
        shell = open_plain(tmp_path / "hookyard.db", 1)
        shell.execute("BEGIN IMMEDIATE")
        op = enqueue()
        with pytest.raises(StoreUnavailable, match="another program"):
            store.apply([op])
        shell.execute("ROLLBACK")
        shell.close()
        assert store.apply([op]) == [Enqueued(op.job.id)]

    tell(tmp_path / "hookyard.db", story)


def test_a_value_that_no_column_holds_fails_alone(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        good = enqueue()
        bad = replace(enqueue(), job=replace(good.job, id=new_id(), priority=1 << 70))
        results = store.apply([bad, good])
        assert [type(result).__name__ for result in results] == ["Failed", "Enqueued"]
        assert await stored(store) == {good.job.id}

    tell(tmp_path / "hookyard.db", story)


def test_a_question_that_takes_too_long_is_given_up_and_the_next_one_answered(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        both = [store.reader.rows(Statement(FOREVER), ()) for _ in range(2)]  # each connection in turn
        for end in await asyncio.gather(*both, return_exceptions=True):
            assert isinstance(end, StoreUnavailable)
            assert "too long" in end.detail
        await store.ready()
        assert (await store.jobs(JobQuery())).jobs == ()

    tell(tmp_path / "hookyard.db", story, read_timeout=2000)


def test_a_question_whose_asker_is_gone_is_given_up(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        tasks = [asyncio.create_task(store.reader.rows(Statement(FOREVER), ())) for _ in range(2)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        assert await asyncio.gather(*tasks, return_exceptions=True) != []
        await asyncio.wait_for(store.ready(), 30)

    tell(tmp_path / "hookyard.db", story, read_timeout=60_000)


def test_a_closed_reader_is_unavailable(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        await store.aclose()
        with pytest.raises(StoreUnavailable):
            await store.ready()

    tell(tmp_path / "hookyard.db", story)


WRITER = """
import asyncio, sys
from hookyard import log
from hookyard.clock import SystemClock
from hookyard.ids import IdSource
from hookyard.model import Inbound, Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Dedupe, Enqueue, Enqueued
from hookyard.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1])
    writer = Coalescer(store, queue=1000, batch=64)
    await writer.start()
    clock = SystemClock()
    last = await store.last_id()
    new_id = IdSource(clock)
    print("open", last, flush=True)

    async def caller():
        while True:
            now = clock.now()
            job = Job(id=new_id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=now, run_at=now)
            key = Dedupe("s", job.id, b"", now + 60_000)
            sent = Inbound(source="s", event="e", delivery=job.id)
            result = await writer.submit(Enqueue(now=now, job=job, dedupe=key, inbound=sent))
            assert result == Enqueued(job.id)
            print(job.id, flush=True)

    await asyncio.gather(*(caller() for _ in range(8)))

log.setup("error")
asyncio.run(main())
"""


def test_what_was_acknowledged_is_there_after_kill_9_with_what_it_came_of_and_its_key(tmp_path: Path) -> None:
    path = tmp_path / "hookyard.db"
    acknowledged: set[str] = set()
    for round_ in range(4):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline().startswith("open")
        for _ in range(50 + 37 * round_):
            acknowledged.add(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0]
        acknowledged |= {line for line in rest.split("\n") if len(line) == 36}

    async def story(store: SqliteStore) -> None:
        there = await stored(store)
        assert there >= acknowledged
        for job_id in there:  # all of it, or nothing
            assert await store.inbound(job_id) == Inbound(source="s", event="e", delivery=job_id)
            assert [one.job_id for one in await store.keyed("s", job_id, 0)] == [job_id]
        assert store.connection.execute("SELECT count(*) FROM inbound").fetchone() == (len(there),)
        assert store.connection.pragma("integrity_check") == "ok"

    tell(path, story)
    assert len(acknowledged) > 200
