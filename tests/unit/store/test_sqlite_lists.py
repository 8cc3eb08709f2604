"""What lists cost: as much with two hundred thousand jobs as with a thousand, whatever is asked for."""

import asyncio
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import pytest
from msgspec.structs import replace

from hookyard import ids
from hookyard.store.contract import AuditFound, AuditQuery, JobQuery, JobsFound, Op, Prune, PruneJobs
from hookyard.store.sqlite import SqliteStore, statements
from hookyard.store.sqlite.driver import Connection
from hookyard.store.sqlite.lists import LOOKS

START = 1_700_000_000_000
SHORT, LONG = 1000, 200_000
FILL = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO job_log (
  key, tail, plugin, command, lane, status, reason, ready, priority, attempt, max_attempts, run_at, submitted_at,
  started_at, completed_at, principal, source, request_id, tags, parent, tenant, last_error, result, args)
SELECT (?2 + i) << 12, i, 'a', 'x', 'a/x',
  CASE i % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'timed_out' WHEN 2 THEN 'cancelled' WHEN 3 THEN 'queued'
    ELSE 'succeeded' END,
  CASE i % 50 WHEN 0 THEN 'attempts_exhausted' WHEN 1 THEN 'deadline' END,
  CASE i % 50 WHEN 3 THEN 1 END, 0, 1, CASE i % 4 WHEN 0 THEN 1 ELSE 4 END, ?2 + i, ?2 + i, ?2 + i,
  CASE i % 50 WHEN 3 THEN NULL ELSE ?2 + i + 1 END, 'token:ci',
  CASE i % 2 WHEN 0 THEN 'git' END, 'r', '[]',
  CASE i % 3 WHEN 0 THEN 'parent' END, CASE i % 4 WHEN 0 THEN 'acme' ELSE '' END,
  CASE i % 50 WHEN 0 THEN '{"code":"boom","message":"it broke"}' END, x'7b7d', x'7b7d'
FROM n
"""
TAGS = "INSERT INTO job_tag (tag, job_key) SELECT 'nightly', key FROM job_log WHERE tail % 2 = 0"
AUDIT = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO audit_log (key, tail, at, principal, action, target, tenant, request_id, details)
SELECT (?2 + i) << 12, i, ?2 + i, 'token:ci', 'lane.pause', 'a/x', 'acme', 'r', '{}' FROM n
"""
QUERIES = {
    "all": JobQuery(),
    "queued": JobQuery(status="queued"),
    "failed": JobQuery(status="failed"),
    "succeeded": JobQuery(status="succeeded"),
    "dead": JobQuery(dead=True),
    "dead and failed": JobQuery(dead=True, status="failed"),
    "source": JobQuery(source="git"),
    "tenant": JobQuery(tenant="acme"),
    "tag": JobQuery(tag="nightly"),
    "parent": JobQuery(parent="parent"),
    "lane": JobQuery(lane="a/x"),
    "since": JobQuery(created_since=START + 500),
    "until": JobQuery(created_until=START + 800),
    "span": JobQuery(created_since=START + 300, created_until=START + 600),
    "finished": JobQuery(finished_since=START + 500),
    "error": JobQuery(error="BROKE"),
    "failed of a tenant": JobQuery(status="failed", tenant="acme"),
    "tag and error": JobQuery(tag="nightly", error="broke"),
}
MISSES = {
    "no such plugin": JobQuery(plugin="none"),
    "no such lane": JobQuery(lane="none"),
    "no such error": JobQuery(error="none"),
    "no such tag of a source": JobQuery(source="git", principal="none"),
    "no such principal of a tag": JobQuery(tag="nightly", principal="none"),
    "no such principal of a tenant": JobQuery(tenant="acme", principal="none"),
    "failed of nobody": JobQuery(status="failed", principal="none"),
    "dead of nobody": JobQuery(dead=True, principal="none"),
    "queued of nobody": JobQuery(status="queued", principal="none"),
    "of a parent and nobody": JobQuery(parent="parent", principal="none"),
}
ENTRIES = {
    "all entries": AuditQuery(),
    "a principal": AuditQuery(principal="token:ci"),
    "an action": AuditQuery(action="lane.pause"),
    "a noun": AuditQuery(action="lane"),
    "a target": AuditQuery(target="a/x"),
    "a tenant": AuditQuery(tenant="acme"),
    "a span": AuditQuery(since=START + 300, until=START + 600),
}
NO_ENTRIES = {
    "no noun": AuditQuery(action="token"),
    "nothing of a principal": AuditQuery(principal="token:ci", tenant="none"),
    "nothing at a target": AuditQuery(target="a/x", principal="none"),
    "nothing of an action": AuditQuery(action="lane.pause", principal="none"),
}
Query = JobQuery | AuditQuery


class Watched(Connection, Protocol):
    def set_progress_handler(
        self,
        handler: Callable[[], bool] | None,
        steps: int = ...,
        *,
        id: object = ...,  # noqa: A002  APSW's name
    ) -> None: ...


class Table:
    """A store with so many jobs, and what questions to it cost."""

    def __init__(self, runner: asyncio.Runner, folder: Path, jobs: int) -> None:
        self.runner = runner
        self.store = runner.run(SqliteStore.open(folder / f"{jobs}.db"))
        connection = self.store.connection
        connection.execute("BEGIN")
        connection.execute(FILL, (jobs, START))
        connection.execute(TAGS)
        connection.execute(AUDIT, (jobs, START))
        connection.execute("COMMIT")

    def steps(self, query: Query) -> int:
        """How many virtual machine steps a page takes, in tens."""
        count = 0

        def progress() -> bool:
            nonlocal count
            count += 1
            return False

        def watch(connection: Watched, handler: Callable[[], bool] | None) -> None:
            connection.set_progress_handler(handler, 10, id="test")

        async def counted() -> None:
            for connection in self.store.reader.connections:
                await connection.async_run(watch, connection, progress)
            await self._ask(query)
            for connection in self.store.reader.connections:
                await connection.async_run(watch, connection, None)

        for _ in range(2):  # each connection reads the schema at its first question
            self.page(query)
        self.runner.run(counted())
        return count

    def page(self, query: Query) -> JobsFound | AuditFound:
        return self.runner.run(self._ask(query))

    async def _ask(self, query: Query) -> JobsFound | AuditFound:
        return await (self.store.jobs(query) if isinstance(query, JobQuery) else self.store.audit(query))

    def close(self) -> None:
        self.runner.run(self.store.aclose())
        self.store.close()


@contextmanager
def tables_in(folder: Path) -> Generator[tuple[Table, Table]]:
    """A short one and a long one."""
    with asyncio.Runner() as runner:
        short, long = Table(runner, folder, SHORT), Table(runner, folder, LONG)
        yield short, long
        short.close()
        long.close()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Table, Table]]:
    """Of all tests that only read."""
    with tables_in(tmp_path_factory.mktemp("lists")) as both:
        yield both


def rows_of(page: JobsFound | AuditFound) -> int:
    return len(page.jobs if isinstance(page, JobsFound) else page.entries)


@pytest.mark.parametrize("query", [*QUERIES.values(), *ENTRIES.values()], ids=[*QUERIES, *ENTRIES])
def test_a_page_costs_the_same_however_long_the_history_is(tables: tuple[Table, Table], query: Query) -> None:
    short, long = tables
    query = replace(query, limit=5)
    assert rows_of(short.page(query)) == rows_of(long.page(query)) == 5
    assert long.steps(query) <= short.steps(query) * 1.2 + 5
    deep = replace(query, before=ids.join((START + 900) << 12, 0))
    assert rows_of(short.page(deep)) == rows_of(long.page(deep)) == 5
    assert long.steps(deep) <= short.steps(deep) * 1.2 + 5


@pytest.mark.parametrize("query", [*MISSES.values(), *NO_ENTRIES.values()], ids=[*MISSES, *NO_ENTRIES])
def test_what_no_index_finds_is_looked_for_among_so_many_rows_a_page(tables: tuple[Table, Table], query: Query) -> None:
    _, long = tables
    page = long.page(query)
    assert rows_of(page) == 0
    # Some sixty steps for each row that is looked at, in tens.
    assert long.steps(query) <= LOOKS * 6
    if isinstance(query, AuditQuery) or query.status is None:  # of those states there are fewer
        assert page.next is not None


def test_short_pages_lead_to_the_end(tables: tuple[Table, Table]) -> None:
    _, long = tables
    pages, query = 0, JobQuery(principal="none")
    while True:
        page = long.page(query)
        assert isinstance(page, JobsFound)
        pages += 1
        if page.next is None:
            break
        query = replace(query, before=page.next)
    assert pages == LONG // LOOKS + 1


def found_nowhere(_error: str, _text: str) -> bool:
    return False


def test_every_list_uses_its_index(tables: tuple[Table, Table]) -> None:
    short, _ = tables
    checked = 0
    indexes = {
        "of_parent": "job_child",
        "of_source": "job_of_source",
        "of_tenant": "job_of_tenant",
        "of_tag": "PRIMARY KEY",
        "among_all": "INTEGER PRIMARY KEY",
        "among_queued": "job_waiting",
        "among_running": "job_leased",
        "among_unsuccessful": "job_unsuccessful",
        "among_failures": "job_unsuccessful",
        "audit_all": "INTEGER PRIMARY KEY",
        "audit_of_principal": "audit_of_principal",
        "audit_of_action": "audit_of_action",
        "audit_of_target": "audit_of_target",
    }
    connection = short.store.connection
    connection.create_scalar_function("error_mentions", found_nowhere, 2, deterministic=True)
    for name, statement in statements.load("lists", columns_of="queries").items():
        kind, _, way = name.partition("_")
        given = [None] * max(int(number) for number in re.findall(r"\?(\d+)", statement.text))
        plan = [str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + statement.text, given).fetchall()]
        assert plan[0] == "CO-ROUTINE seen" or kind == "reach", (name, plan)
        found = [step for step in plan if "SEARCH" in step or "SCAN" in step]
        assert indexes[way] in found[0], (name, plan)
        walked = [step for step in plan if "SCAN" in step and "SCAN seen" not in step and "SCAN (" not in step]
        assert walked in ([], ["SCAN job_log USING INDEX job_leased"], ["SCAN job_log USING COVERING INDEX job_leased"])
        # Only what runs now is put in order, by nobody else's index.
        assert not any("TEMP B-TREE" in step for step in plan) or way == "among_running", (name, plan)
        checked += 1
    assert checked == 2 * len(indexes)


def test_forgetting_looks_at_so_many_rows_only(tmp_path: Path) -> None:
    def steps(table: Table, op: Op) -> int:
        count = 0

        def progress() -> bool:
            nonlocal count
            count += 1
            return False

        connection = cast("Watched", table.store.connection)
        connection.set_progress_handler(progress, 10)
        table.store.apply([op])
        connection.set_progress_handler(None)
        return count

    ops = (
        Prune(now=START, what="audit", before=START + 900, limit=50),
        PruneJobs(now=START, before={"failed": START + 900}, limit=100),
        PruneJobs(now=START, before={"succeeded": START}, limit=100, after=ids.join((START + 500) << 12, 0)),
    )
    with tables_in(tmp_path) as (short, long):
        for op in ops:
            assert steps(long, op) <= steps(short, op) * 1.3 + 5
