"""Opening and closing the SQLite store: settings, the guard, migrations."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hookyard.errors import StoreError, StoreLocked, StoreTooNew
from hookyard.ids import IdSource
from hookyard.model import Backlog, Inbound, Job
from hookyard.store.contract import (
    ClaimDeliveries,
    DeliveriesClaimed,
    DeliveryQuery,
    Enqueue,
    Enqueued,
    EventQuery,
    JobQuery,
    Lease,
)
from hookyard.store.sqlite import SqliteStore, asking, driver, migrate
from hookyard.store.sqlite.driver import Connection, Value, open_plain
from hookyard.testing import FakeClock

HOLDER = """
import asyncio, os, sys
from hookyard import log
from hookyard.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1])
    child = os.fork() if "fork" in sys.argv else None
    if not child:  # the child itself, or there is none
        print("open", flush=True)
    sys.stdin.read()
    if child == 0:
        os._exit(0)

log.setup("error")
asyncio.run(main())
"""

DIGESTS = [
    "3738db0ce07d5f3dba742fadf8fc8b4c0ef7f7237fa07fa240ebe255796883b3",
    "d7d2f7a4cdffb2aa2710719e15b8f8a2d9b499c88c3656544e5dcabdb9bd16d0",
    "45582fc6c8488040cb0fa95b83573afd41997ad057b85a4273c3b5cde940be3e",
    "134072bd9cd6e1def8df12c17bf9c4e2794fb74147dec9e2b957be1994de4fd5",
    "ec8cde1ee8e7bf115c480867a808cdefe9465db0103d7d4cdb1544d82d8ce6c4",
    "39f6b7e44444500758ffe67dc332fd7ece71b1652010fcd2f88545906716b53e",
]
"""SHA-256 of the migrations, in order: files that are in use have been made by them as they stand.

The sixth is of no release yet: until it is, it may change, and its digest with it.
"""
NEXT = len(DIGESTS) + 1
"""The number of the migration that there is not yet."""


def opened(path: Path, story: Callable[[SqliteStore], Coroutine[Any, Any, None]] | None = None) -> None:
    async def run() -> None:
        store = await SqliteStore.open(path)
        try:
            if story is not None:
                await story(store)
        finally:
            await store.aclose()
            store.close()

    asyncio.run(run())


def schema_of(connection: Connection) -> list[tuple[Value, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "hookyard.db"


@pytest.fixture
def holder(file: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts other processes that hold the file open."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", HOLDER, str(file), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_file_and_its_folder_are_made_with_settings_that_survive_a_power_cut(file: Path) -> None:
    async def story(store: SqliteStore) -> None:
        connection = store.connection
        assert connection.pragma("journal_mode") == "wal"
        assert connection.pragma("synchronous") == 2  # FULL
        assert connection.pragma("mmap_size") == 0
        assert connection.pragma("wal_autocheckpoint") == 1000
        await store.ready()

    opened(file, story)


def test_a_new_file_can_be_read_by_its_owner_alone(file: Path) -> None:
    async def story(store: SqliteStore) -> None:
        await store.ready()
        modes = {
            one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir() if not one.name.endswith(".lock")
        }
        assert modes == {"hookyard.db": 0o600, "hookyard.db-wal": 0o600, "hookyard.db-shm": 0o600}

    opened(file, story)


def test_less_durability_is_an_option_whose_cost_is_told(file: Path) -> None:
    async def run() -> None:
        store = await SqliteStore.open(file, synchronous="normal")
        assert store.connection.pragma("synchronous") == 1
        await store.aclose()
        store.close()

    with capture_logs() as lines:
        asyncio.run(run())
    (warning,) = [line for line in lines if line["log_level"] == "warning"]
    assert warning["event"] == "store.synchronous_normal"
    assert "power cut" in warning["cost"]


@pytest.mark.parametrize(
    ("version", "fine"), [("3.51.2", False), ("3.46.0", False), ("3.51.3", True), ("3.54.1", True)]
)
def test_a_sqlite_that_can_corrupt_its_wal_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, fine: bool
) -> None:
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: version)
    if fine:
        opened(file)
    else:
        with pytest.raises(StoreError, match=f"SQLite {version}"):
            opened(file)
        monkeypatch.undo()
        opened(file)  # the guard was let go


def test_closing_leaves_one_whole_file_and_no_lock(file: Path) -> None:
    opened(file)
    assert sorted(path.name for path in file.parent.iterdir()) == ["hookyard.db", "hookyard.db.lock"]
    assert (file.parent / "hookyard.db.lock").read_text() == ""
    opened(file)


def test_a_second_store_in_the_same_process_is_refused(file: Path) -> None:
    async def story(store: SqliteStore) -> None:
        with pytest.raises(StoreLocked, match=rf"{file} is already served by process {os.getpid()}"):
            await SqliteStore.open(file)
        link = file.parent.parent / "link.db"
        link.symlink_to(file)
        with pytest.raises(StoreLocked):
            await SqliteStore.open(link)
        await store.ready()

    opened(file, story)
    opened(file)


def test_a_second_process_is_refused_and_told_who_serves_the_file(
    file: Path, holder: Callable[..., subprocess.Popen[str]]
) -> None:
    other = holder()
    with pytest.raises(StoreLocked, match=rf"{file} is already served by process {other.pid}: one process"):
        opened(file)


def test_the_guard_ends_with_its_process_however_that_ends(
    file: Path, holder: Callable[..., subprocess.Popen[str]]
) -> None:
    other = holder()
    other.send_signal(signal.SIGKILL)
    other.wait()
    opened(file)


def test_a_forked_child_does_not_keep_the_guard(file: Path, holder: Callable[..., subprocess.Popen[str]]) -> None:
    other = holder("fork")
    other.send_signal(signal.SIGKILL)
    other.wait()  # its child lives on until its input ends
    opened(file)


def test_a_process_that_ends_without_closing_its_store_does_end(file: Path) -> None:
    script = HOLDER.replace("sys.stdin.read()", "raise SystemExit(3)")
    process = subprocess.run([sys.executable, "-c", script, str(file)], check=False, timeout=30, capture_output=True)
    assert process.returncode == 3
    opened(file)


def test_a_program_started_meanwhile_does_not_keep_the_guard(file: Path) -> None:
    child: list[subprocess.Popen[bytes]] = []

    async def story(store: SqliteStore) -> None:
        child.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False))  # noqa: ASYNC220
        await store.ready()

    opened(file, story)
    opened(file)
    child[0].communicate()


def test_a_file_of_a_newer_hookyard_is_refused(file: Path) -> None:
    opened(file)
    connection = open_plain(file, 1)
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreTooNew, match="schema 99"):
        opened(file)


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = open_plain(path, 1)
    connection.execute("CREATE TABLE job_log (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        opened(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt"):
        opened(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        opened(tmp_path / "file" / "hookyard.db")


def test_the_chain_of_migrations_makes_the_schema() -> None:
    chain, whole = open_plain(Path(":memory:"), 1), open_plain(Path(":memory:"), 1)
    for _, text in migrate.migrations():
        chain.execute(text)
    whole.execute(files("hookyard.store.sqlite").joinpath("schema.sql").read_text("utf-8"))
    assert schema_of(chain) == schema_of(whole)
    assert len(schema_of(chain)) > 10


def test_a_migration_never_changes() -> None:
    assert [hashlib.sha256(text.encode()).hexdigest() for _, text in migrate.migrations()] == DIGESTS


def test_a_file_of_the_first_schema_keeps_its_jobs_and_takes_what_came_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [step for step in migrate.migrations() if step[0] == 1]
    file.parent.mkdir()
    connection = open_plain(file, 1)
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "migrations", lambda: iter(first))
        migrate.migrate(connection)
    connection.execute(
        "INSERT INTO job_log (key, tail, plugin, command, lane, status, ready, priority, attempt, max_attempts, run_at,"
        " submitted_at, principal, request_id, tags, args)"
        " VALUES (7, 9, 'p', 'c', 'p/c', 'queued', 1, 5, 0, 3, 1000, 1000, 'token:a', 'r', '[\"x\"]', x'7b7d')"
    )
    connection.close()

    async def story(store: SqliteStore) -> None:
        (row,) = (await store.jobs(JobQuery(limit=10))).jobs
        job = await store.job(row.id)
        assert job is not None
        assert (job.plugin, job.command, job.status, job.priority, job.args) == ("p", "c", "queued", 5, b"{}")
        assert (job.tags, job.parent, job.progress) == (("x",), None, None)
        assert await store.children(job.id) == ()
        assert await store.events(EventQuery()) == ()

    opened(file, story)
    opened(file)


@pytest.mark.parametrize("number", range(1, NEXT - 1))
def test_a_file_of_an_earlier_schema_takes_what_senders_sent(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    earlier = [step for step in migrate.migrations() if step[0] <= number]
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "migrations", lambda: iter(earlier))
        file.parent.mkdir()
        connection = open_plain(file, 1)
        migrate.migrate(connection)
        connection.close()
    sent = Inbound(source="github", event="push", delivery="d1", headers={"x-a": "b"})
    job = Job(id=IdSource(FakeClock())(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=1, run_at=1)

    async def story(store: SqliteStore) -> None:
        assert store.connection.pragma("user_version") == NEXT - 1
        assert store.apply([Enqueue(now=1, job=job, inbound=sent)]) == [Enqueued(job.id)]
        assert await store.inbound(job.id) == sent

    opened(file, story)


def test_a_file_of_an_earlier_schema_keeps_its_deliveries_with_the_tenant_of_their_jobs(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = [step for step in migrate.migrations() if step[0] <= 4]
    file.parent.mkdir()
    connection = open_plain(file, 1)
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "migrations", lambda: iter(earlier))
        migrate.migrate(connection)
    connection.execute(
        "INSERT INTO job_log (key, tail, plugin, command, lane, status, priority, attempt, max_attempts, run_at,"
        " submitted_at, completed_at, principal, request_id, tags, tenant, options, args)"
        " VALUES (7, 9, 'p', 'c', 'p/c', 'succeeded', 0, 1, 3, 1, 1, 2, 'token:a', 'r', '[]', 'acme', '', x'7b7d')"
    )
    added = (
        "INSERT INTO delivery (key, tail, job_key, job_tail, request_id, event, endpoint, status, attempt, next_at,"
        " created_at, completed_at, last_status, last_error, body)"
        " VALUES (?, 5, ?, ?, 'r', 'job.succeeded', 'ops', ?, 1, ?, 3, ?, 503, 'http_503', x'7b7d')"
    )
    connection.execute(added, (8, 7, 9, "pending", 4, None))
    connection.execute(added, (9, None, None, "failed", None, 5))
    connection.execute("INSERT INTO delivery_attempt VALUES (8, 1, 3, 12, 503, 'http_503', x'6e6f')")
    connection.close()

    async def story(store: SqliteStore) -> None:
        failed, pending = (await store.find_deliveries(DeliveryQuery())).deliveries
        assert (failed.tenant, failed.status, failed.last_error, failed.job_id) == ("", "failed", "http_503", None)
        assert (pending.tenant, pending.status, pending.order_key, pending.round_start) == ("acme", "pending", None, 0)
        (tried,) = await store.delivery_attempts(pending.id)
        assert (tried.number, tried.status, tried.response) == (1, 503, b"no")
        assert await store.backlog("ops") == Backlog(pending=1, held=0, sending=0, failed=1, oldest=3)
        claim = ClaimDeliveries(now=9, limit=5, lease=Lease(token=1, worker="w", expires_at=99))
        (claimed,) = store.apply([claim])
        assert isinstance(claimed, DeliveriesClaimed)
        assert [one.id for one in claimed.deliveries] == [pending.id]
        assert store.connection.execute("PRAGMA foreign_key_check").fetchall() == []

    opened(file, story)
    opened(file)


def test_migrations_are_numbered_without_gaps(file: Path) -> None:
    numbers = [number for number, _ in migrate.migrations()]
    assert numbers == list(range(1, len(numbers) + 1))

    async def story(store: SqliteStore) -> None:
        assert store.connection.pragma("user_version") == numbers[-1]
        await store.ready()

    opened(file, story)


def test_every_table_is_strict(file: Path) -> None:
    opened(file)
    connection = open_plain(file, 1)
    tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    loose = [name for name, strict in tables.fetchall() if not strict and not str(name).startswith("sqlite_")]
    connection.close()
    assert loose == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(file)
    steps = [*migrate.migrations(), (NEXT, "CREATE TABLE extra (a); CREATE TABLE extra (a);")]
    monkeypatch.setattr(migrate, "migrations", lambda: iter(steps))
    with pytest.raises(StoreError, match=f"migration {NEXT} failed, the file is as it was"):
        opened(file)
    monkeypatch.undo()
    opened(file)


def test_a_later_migration_is_applied_to_an_older_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(file)
    steps = [*migrate.migrations(), (NEXT, "CREATE TABLE extra (a INTEGER) STRICT;")]
    monkeypatch.setattr(migrate, "migrations", lambda: iter(steps))

    async def story(store: SqliteStore) -> None:
        assert store.connection.pragma("user_version") == NEXT
        assert store.connection.execute("SELECT count(*) FROM extra").fetchone() == (0,)
        await store.ready()

    opened(file, story)
    monkeypatch.undo()
    with pytest.raises(StoreTooNew):
        opened(file)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_reader_that_cannot_be_opened_leaves_no_thread(
    file: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    opened(file)
    count = 0

    async def open_async(path: Path, steps: int) -> driver.AsyncConnection:
        nonlocal count
        count += 1
        return await driver.open_async(path if count < failing else path / "none", steps)

    before = set(threading.enumerate())
    monkeypatch.setattr(asking, "open_async", open_async)
    with pytest.raises(StoreError, match="cannot be read"):
        opened(file)
    monkeypatch.undo()
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:  # one that was told to end may still be about to
        thread.join(30)
    assert [thread.name for thread in left if thread.is_alive()] == []
    opened(file)
