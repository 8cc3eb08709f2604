"""A file of the second schema, with rows in every table, opened by what knows the third."""

import asyncio
from pathlib import Path

import pytest

from hookyard import ids
from hookyard.model import Artifact, ErrorInfo, LogLine, Progress
from hookyard.store.contract import Enqueue, EventQuery, JobQuery
from hookyard.store.sqlite import SqliteStore, migrate
from hookyard.store.sqlite.driver import Connection, open_plain
from hookyard.testing.store_probe import Probe

START = 1_700_000_000_000
JOB, CHILD, WAITING = (ids.join((START << 12) + at, at * 7919) for at in (1, 2, 3))
EVENT, DELIVERY, ALONE = (ids.join((START << 12) + at, at * 7919) for at in (4, 5, 6))

# ruff: noqa: S608  the ids and tables are this module's own

ROWS = f"""
INSERT INTO job_log (key, tail, plugin, command, lane, status, reason, ready, priority, attempt, max_attempts, run_at,
  submitted_at, started_at, completed_at, timeout, principal, source, request_id, callback_url, tags, parent,
  last_error, result, args)
VALUES ({ids.key(JOB)}, {ids.tail(JOB)}, 'p', 'c', 'p/c', 'failed', 'attempts_exhausted', 0, 5, 2, 2, 1000, 1000, 1001,
  1002, 50, 'token:a', 'github', 'r', 'https://receiver.example/', '["x"]', NULL,
  '{{"code":"boom","message":"it broke"}}', NULL, x'7b7d');
INSERT INTO job_log (key, tail, plugin, command, lane, status, ready, priority, attempt, max_attempts, run_at,
  submitted_at, started_at, lease_token, lease_expires_at, worker, cancel_requested, principal, request_id, tags,
  parent, args)
VALUES ({ids.key(CHILD)}, {ids.tail(CHILD)}, 'p', 'd', 'p/d', 'running', 0, 0, 1, 4, 1000, 1000, 1001, 77, 31000, 'w1',
  1, 'token:a', 'r', '[]', '{JOB}', x'31');
INSERT INTO job_log (key, tail, plugin, command, lane, status, ready, priority, attempt, max_attempts, run_at,
  submitted_at, principal, request_id, tags, args)
VALUES ({ids.key(WAITING)}, {ids.tail(WAITING)}, 'p', 'c', 'p/c', 'queued', 1, 0, 0, 4, 1000, 1000, 'token:a', 'r',
  '[]', x'32');
INSERT INTO attempt_log VALUES ({ids.key(JOB)}, 1, 'failed', 'w1', 1000, 1001, NULL);
INSERT INTO attempt_log VALUES ({ids.key(JOB)}, 2, 'failed', 'w1', 1001, 1002, NULL);
INSERT INTO job_progress VALUES ({ids.key(CHILD)}, '{{"done":1.0,"total":4.0}}');
INSERT INTO job_line VALUES ({ids.key(JOB)}, 1, 1, 1000, 'info', 'said', x'7b7d');
INSERT INTO artifact VALUES ({ids.key(JOB)}, 'log', 'text/plain', 3, 'ab', 'there', 1002);
INSERT INTO event_log (key, tail, type, plugin, command, job_key, job_tail, request_id, created_at, payload)
VALUES ({ids.key(EVENT)}, {ids.tail(EVENT)}, 'thing', 'p', 'c', {ids.key(JOB)}, {ids.tail(JOB)}, 'r', 1002, x'31');
INSERT INTO plugin_state VALUES ('p', 'k', 3, x'31');
INSERT INTO delivery (key, tail, job_key, job_tail, request_id, event, endpoint, url, status, attempt, next_at,
  created_at, body)
VALUES ({ids.key(DELIVERY)}, {ids.tail(DELIVERY)}, {ids.key(JOB)}, {ids.tail(JOB)}, 'r', 'job.failed', 'ops', NULL,
  'pending', 1, 5000, 1002, x'7b7d');
INSERT INTO delivery (key, tail, request_id, event, url, status, attempt, created_at, completed_at, body)
VALUES ({ids.key(ALONE)}, {ids.tail(ALONE)}, 'r', 'test', 'https://receiver.example/', 'delivered', 1, 1002, 1003,
  x'31');
INSERT INTO delivery_attempt VALUES ({ids.key(DELIVERY)}, 1, 1002, 12, 500, NULL, x'6f6b');
INSERT INTO idempotency_key VALUES ('s', 'k', x'00', {ids.key(JOB)}, {ids.tail(JOB)}, 9000000000000);
"""


def tables_of(connection: Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return [str(name) for (name,) in found]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "hookyard.db"
    connection = open_plain(path, 1)
    with monkeypatch.context() as patched:
        before = [step for step in migrate.migrations() if step[0] <= 2]
        patched.setattr(migrate, "migrations", lambda: iter(before))
        migrate.migrate(connection)
    connection.execute(ROWS)
    for table in tables_of(connection):
        assert connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchall(), f"{table} has a row"
    connection.close()
    return path


async def open_store(folder: Path) -> SqliteStore:
    return await SqliteStore.open(folder / "hookyard.db")


def test_everything_of_the_second_schema_is_there_in_the_third(file: Path) -> None:
    with asyncio.Runner() as runner:
        store = Probe(runner, open_store, file.parent)
        job, child, waiting = (store.see(one) for one in (JOB, CHILD, WAITING))
        assert (job.status, job.reason, job.attempt, job.priority) == ("failed", "attempts_exhausted", 2, 5)
        assert (job.timeout, job.source, job.tags, job.args) == (50, "github", ("x",), b"{}")
        assert job.last_error == ErrorInfo("boom", "it broke")
        assert (job.tenant, job.affinity, job.options, job.concurrency_key, job.result_artifact) == ("", *[None] * 4)
        assert (child.lease_token, child.worker, child.cancel_requested, child.parent) == (77, "w1", True, JOB)
        assert child.progress == Progress(1.0, 4.0)
        assert (waiting.status, waiting.args) == ("queued", b"2")
        assert [one.outcome for one in store.attempts(job)] == ["failed", "failed"]
        (delivery,) = store.deliveries(job)
        assert (delivery.id, delivery.next_at) == (DELIVERY, 5000)
        assert [tried.status for tried in store.tries(delivery)] == [500]
        run, asked = runner.run, store.store
        assert run(asked.log_lines(JOB)) == (
            LogLine(job_id=JOB, number=1, attempt=1, at=1000, level="info", event="said"),
        )
        assert run(asked.artifacts(JOB)) == (
            Artifact(
                job_id=JOB, name="log", media_type="text/plain", size=3, sha256="ab", location="there", created_at=1002
            ),
        )
        assert [one.id for one in run(asked.events(EventQuery()))] == [EVENT]
        entry = run(asked.state("p", "k"))
        assert entry is not None
        assert (entry.version, entry.value) == (3, b"1")
        assert {one.id for one in run(asked.children(JOB))} == {CHILD}
        assert [one.id for one in run(asked.jobs(JobQuery(tag="x"))).jobs] == [JOB], (
            "tags are listed by, from the start"
        )
        assert store.depths() == {"p/c": (1, 0), "p/d": (0, 1)}
        assert store.last_id() == ALONE
        store.close()


def test_every_row_names_one_that_is_there_and_foreign_keys_are_on(file: Path) -> None:
    with asyncio.Runner() as runner:
        store = Probe(runner, open_store, file.parent)
        assert isinstance(store.store, SqliteStore)
        connection = store.store.connection
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.pragma("foreign_keys") == 1
        assert [name for name in tables_of(connection) if name.endswith("_before")] == []
        job = store.see(JOB)
        store.all(Enqueue(now=store.now, job=store.job()), store.finish_op(store.see(CHILD), 77))
        connection.execute("DELETE FROM job_log WHERE plugin = 'p'")
        left = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("attempt_log", "job_progress", "job_line", "artifact", "job_tag", "delivery_attempt")
        }
        assert set(left.values()) == {0}, left
        assert connection.execute("SELECT count(*) FROM delivery").fetchall() == [(1,)], "what is of no job stays"
        assert job.tags == ("x",)
        store.close()
