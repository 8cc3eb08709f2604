"""What operations cost: a handful of statements per batch, and no more when the history is long."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.unit.store.watched import Watched, connection_of, steps

from hookyard.model import Inbound, JobStatus, StateChange
from hookyard.store.contract import (
    AppendLog,
    ClaimDeliveries,
    Enqueue,
    EventQuery,
    Extend,
    ItemsPut,
    JobQuery,
    Op,
    PutArtifact,
    PutState,
)
from hookyard.store.sqlite import SqliteStore, statements
from hookyard.testing.store_items import item, items_op
from hookyard.testing.store_probe import TOKEN, Probe
from hookyard.testing.store_told import artifact, event, line, progress_op

TABLES = (
    *("job_log", "attempt_log", "delivery", "delivery_attempt", "idempotency_key"),
    *("job_progress", "job_line", "event_log", "plugin_state", "artifact"),
    *("job_item", "item_tally", "job_tag", "job_after", "audit_log", "inbound"),
)
FILES = (
    *("enqueue", "claim", "settle", "deliver", "tell", "state", "events", "queries"),
    *("access", "lanes", "schedules", "items", "forget", "doctor", "inbound"),
    *("orders", "recovery", "endpoints"),
)
THROUGH_ALL = {"artifact_bytes"}
"""Asked once, at the start."""
QUEUE_ONLY = re.compile(
    r"SCAN job_log USING (COVERING )?INDEX (job_leased|job_queued|job_waiting)$"
    r"|SCAN delivery USING INDEX (delivery_sending|delivery_pending|delivery_ordered)$"
    r"|SCAN job_after USING COVERING INDEX job_doomed$"
)
"""An index that holds only what waits, runs or is being sent may be walked through."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Probe]:
    async def open_store(folder: Path) -> SqliteStore:
        return await SqliteStore.open(folder / "hookyard.db")

    with asyncio.Runner() as runner:
        probe = Probe(runner, open_store, tmp_path)
        yield probe
        probe.close()


def executed(store: Probe, *ops: Op) -> list[str]:
    """The first words of the statements that a batch is made of."""
    seen: list[str] = []

    def trace(_: object, sql: str, __: object) -> bool:
        seen.append(sql[:20])
        return True

    connection = connection_of(store)
    connection.exec_trace = trace
    store.all(*ops)
    connection.exec_trace = None
    return seen


def test_a_batch_of_equal_operations_is_a_handful_of_statements(store: Probe) -> None:
    jobs = [store.job() for _ in range(64)]
    assert len(executed(store, *(Enqueue(now=store.now, job=job, lease=store.lease()) for job in jobs))) == 1
    extends = [Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=store.now + 9) for job in jobs]
    assert len(executed(store, *extends)) == 4
    assert len(executed(store, *(store.finish_op(job, deliveries=(store.delivery(job),)) for job in jobs))) == 5
    deliveries = store.claim_deliveries(64)
    assert len(deliveries) == 64
    assert len(executed(store, *(store.settle_op(one) for one in deliveries))) == 4
    keys = [Enqueue(now=store.now, job=store.job(), dedupe=store.once(f"k{at}")) for at in range(64)]
    assert len(executed(store, *keys)) == 5


def test_webhooks_are_a_handful_of_statements_also_when_some_have_come_before(store: Probe) -> None:
    def hooks(*names: int) -> list[Enqueue]:
        sent = [Inbound(source="github", event="push", delivery=f"d{at}") for at in names]
        return [
            Enqueue(
                now=store.now, job=store.job(), inbound=one, dedupe=store.once(one.delivery), lease=store.lease(at + 1)
            )
            for at, one in enumerate(sent)
        ]

    first = hooks(*range(64))
    begin, look, jobs, sent, keys, end = executed(store, *first)
    assert (begin[:5], end) == ("BEGIN", "COMMIT")
    assert [text.split()[0] for text in (look, jobs, sent, keys)] == ["WITH", "INSERT", "INSERT", "INSERT"]
    assert len(executed(store, *hooks(*range(32, 96)))) == 6
    assert len(executed(store, *hooks(*range(64)))) == 3, "where all are there already, nothing is written"
    others = hooks(*range(100, 120))
    mixed = [replace(one, job=replace(one.job, tenant="t1")) if at % 2 else one for at, one in enumerate(others)]
    assert len(executed(store, *mixed)) == 7, "also with what few jobs have"


def test_what_jobs_tell_is_a_handful_of_statements(store: Probe) -> None:
    jobs = [store.running() for _ in range(64)]
    assert len(executed(store, *(progress_op(store, job, 1) for job in jobs))) == 3
    lines = [AppendLog(now=store.now, lines=(line(job, "a"),)) for job in jobs]
    assert len(executed(store, *lines)) == 3
    puts = [PutState(now=store.now, plugin="a", key=job.id, value=b"1", expected=0) for job in jobs]
    assert len(executed(store, *puts)) == 4
    made = [PutArtifact(now=store.now, token=TOKEN, artifact=artifact(job, "a")) for job in jobs]
    assert len(executed(store, *made)) == 3
    plain, full = jobs[:32], jobs[32:]
    assert len(executed(store, *(store.finish_op(job) for job in plain))) == 4
    change = StateChange(plugin="a", key="k", value=b"1")
    ends = [store.finish_op(job, events=(event(store, job),), state=(change,)) for job in full]
    assert len(executed(store, *ends)) == 6


def test_long_items_of_one_job_are_not_read_when_others_tell_theirs(store: Probe) -> None:
    long, plain = store.running(), store.running()
    body = b'"%s"' % (b"x" * 1_000_000)
    for at in range(8):
        store.do(items_op(store, long, item(store, long, f"i{at}", data=body)), ItemsPut)
    connection = connection_of(store)
    before = pages(connection)
    store.do(items_op(store, plain, *(item(store, plain, f"i{at}") for at in range(200))), ItemsPut)
    assert pages(connection) - before < 5000


def pages(connection: Watched) -> int:
    """How many pages have been asked for."""
    kinds = (apsw.SQLITE_DBSTATUS_CACHE_HIT, apsw.SQLITE_DBSTATUS_CACHE_MISS)
    return sum(connection.status(kind)[0] for kind in kinds)


def test_a_claim_is_a_handful_of_statements_however_many_jobs_it_leases(store: Probe) -> None:
    for lane in ("a/x", "b/x"):
        store.all(*(Enqueue(now=store.now, job=store.job(lane=lane)) for _ in range(40)))
    assert len(executed(store, store.claim_op(30, lanes=("a/x", "b/x", "c/x")))) == 5
    assert len(executed(store, store.claim_op(0))) == 4


def test_no_statement_walks_through_the_history(store: Probe) -> None:
    connection = connection_of(store)
    checked = 0
    for file in FILES:
        for name, statement in statements.load(file, columns_of="queries").items():
            for rows in (1, 7):
                text = statement.for_rows(rows)
                numbered = re.findall(r"\?(\d)", text)
                values = [None] * (int(max(numbered)) if numbered else text.count("?"))
                plan = connection.execute("EXPLAIN QUERY PLAN " + text, values).fetchall()
                for step in (str(row[3]) for row in plan):
                    touched = any(re.search(rf"SCAN {table}\b", step) for table in TABLES)
                    assert not touched or QUEUE_ONLY.match(step) or name in THROUGH_ALL, (name, rows, step)
                    checked += 1
    assert checked > 50


@pytest.mark.parametrize("analyzed", [False, True])
def test_the_cost_of_a_job_does_not_grow_with_the_history(store: Probe, *, analyzed: bool) -> None:
    def life() -> list[int]:
        store.clock.advance(1)
        direct, queued = store.job(), store.job()
        sent = Inbound(source="github", event="push", delivery=queued.id)
        delivery = store.delivery(direct)
        costs = [
            steps(store, Enqueue(now=store.now, job=direct, lease=store.lease(), dedupe=store.once(direct.id))),
            steps(store, Enqueue(now=store.now, job=queued, dedupe=store.once(queued.id + "h"), inbound=sent)),
            steps(store, store.claim_op(5)),
            steps(store, Extend(now=store.now, job_id=direct.id, token=TOKEN, expires_at=store.now + 9)),
            steps(store, progress_op(store, direct, 1)),
            steps(store, AppendLog(now=store.now, lines=(line(direct, "a"),))),
            steps(store, PutState(now=store.now, plugin="a", key=direct.id, value=b"1")),
            steps(store, PutArtifact(now=store.now, token=TOKEN, artifact=artifact(direct, "a"))),
            steps(store, store.release_op(direct)),
            steps(store, store.claim_op(5)),
            steps(
                store,
                store.finish_op(direct, deliveries=(delivery,), events=(event(store, direct),)),
                store.finish_op(queued),
            ),
            steps(store, ClaimDeliveries(now=store.now, limit=5, lease=store.lease())),
            steps(store, store.settle_op(replace(delivery, attempt=1))),
        ]
        assert [store.see(job).status for job in (direct, queued)] == ["succeeded", "succeeded"]
        return costs

    life()
    short = life()
    for _ in range(40):
        jobs = [store.job() for _ in range(64)]
        once = [store.once(job.id) for job in jobs]
        store.all(
            *(
                Enqueue(
                    now=store.now,
                    job=job,
                    lease=store.lease(),
                    dedupe=key,
                    inbound=Inbound(source="github", event="push", delivery=job.id),
                )
                for job, key in zip(jobs, once, strict=True)
            )
        )
        store.all(*(progress_op(store, job, 1) for job in jobs))
        store.all(AppendLog(now=store.now, lines=tuple(line(job, "a") for job in jobs)))
        store.all(*(PutState(now=store.now, plugin="a", key=job.id, value=b"1") for job in jobs))
        store.all(
            *(store.finish_op(job, deliveries=(store.delivery(job),), events=(event(store, job),)) for job in jobs)
        )
        store.all(*(store.settle_op(one) for one in store.claim_deliveries(64)))
    # A thousand jobs that wait for their time, too.
    store.all(*(Enqueue(now=store.now, job=store.job(delay=10_000_000)) for _ in range(1000)))
    if analyzed:
        connection_of(store).execute("ANALYZE")
        life()
    long = life()
    assert all(now <= before * 1.3 + 3 for now, before in zip(long, short, strict=True)), (short, long)


def list_steps(store: Probe, query: JobQuery) -> int:
    """How many virtual machine steps a page of jobs takes, in tens."""
    return question_steps(store, lambda: store.store.jobs(query))


def question_steps(store: Probe, question: Callable[[], Awaitable[object]]) -> int:
    """How many virtual machine steps a question takes, in tens."""
    count = 0

    def progress() -> bool:
        nonlocal count
        count += 1
        return False

    def watch(connection: Watched, handler: Callable[[], bool] | None) -> None:
        connection.set_progress_handler(handler, 10, id="test")

    async def counted() -> None:
        assert isinstance(store.store, SqliteStore)
        connections = store.store.reader.connections
        for connection in connections:
            await connection.async_run(watch, connection, progress)
        await question()
        for connection in connections:
            await connection.async_run(watch, connection, None)

    store.runner.run(counted())
    return count


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("status", [None, "queued", "running", "succeeded", "failed", "timed_out", "cancelled"])
def test_the_cost_of_a_page_does_not_grow_with_the_queue_or_the_history(
    store: Probe, status: JobStatus | None, *, analyzed: bool
) -> None:
    def a_few() -> str:
        for end in ("succeeded", "failed", "timed_out", "cancelled"):
            for _ in range(3):
                store.all(store.finish_op(store.running(), status=end))
        store.all(*(Enqueue(now=store.now, job=store.job(priority=at)) for at in range(3)))
        return [store.running() for _ in range(3)][-1].id

    before = a_few()
    query = JobQuery(status=status, limit=3)
    for _ in range(2):
        store.jobs(query)
    short = list_steps(store, query)
    for _ in range(20):
        store.all(*(Enqueue(now=store.now, job=store.job(priority=at % 5)) for at in range(64)))
        jobs = [store.job() for _ in range(64)]
        store.all(*(Enqueue(now=store.now, job=job, lease=store.lease()) for job in jobs))
        store.all(*(store.finish_op(job) for job in jobs))
    if analyzed:
        connection_of(store).execute("ANALYZE")
        store.reopen()
    for _ in range(2):  # each connection reads the schema at its first question
        assert len(store.jobs(query)) == 3
    assert list_steps(store, query) <= short * 1.5 + 5
    older = JobQuery(status=status, limit=3, before=before)
    assert list_steps(store, older) <= short * 1.5 + 5


@pytest.mark.parametrize("analyzed", [False, True])
def test_the_cost_of_what_was_told_does_not_grow_with_the_history(store: Probe, *, analyzed: bool) -> None:
    parent = store.enqueue()

    def one(number: int) -> str:
        job = store.running(replace(store.job(), parent=parent.id, tenant="acme"))
        store.all(AppendLog(now=store.now, lines=tuple(line(job, "a") for _ in range(3))))
        store.all(*(PutState(now=store.now, plugin="a", key=f"{number}/{at}", value=b"1") for at in range(3)))
        store.all(PutArtifact(now=store.now, token=TOKEN, artifact=artifact(job, "a")))
        store.all(store.finish_op(job, events=tuple(event(store, job) for _ in range(3))))
        sent = Inbound(source="github", event="push", delivery=job.id)
        other = Enqueue(now=store.now, job=store.job(), dedupe=store.once(f"k{number}\n"), inbound=sent)
        store.all(other)
        hooks[prefix_of(number)] = other.job.id
        return job.id

    hooks: dict[str, str] = {}

    def prefix_of(number: int) -> str:
        return f"{number}/"

    def costs(job_id: str, prefix: str) -> list[int]:
        asked = store.store
        questions: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: asked.log_lines(job_id, limit=3),
            lambda: asked.artifacts(job_id),
            lambda: asked.children(parent.id, limit=3),
            lambda: asked.events(EventQuery(limit=3)),
            lambda: asked.events(EventQuery(limit=3, job_id=job_id)),
            lambda: asked.events(EventQuery(limit=3, type="thing.happened")),
            lambda: asked.events(EventQuery(limit=3, plugin="hello")),
            lambda: asked.events(EventQuery(limit=3, tenant="acme")),
            lambda: asked.states("a", prefix=prefix, limit=4),
            lambda: asked.state("a", f"{prefix}0"),
            lambda: asked.inbound(hooks[prefix]),
            lambda: asked.keyed("token:test", f"k{prefix[:-1]}", store.now),
        )
        for question in questions * 2:  # each connection reads the schema at its first question
            store.runner.run(found(question))
        return [question_steps(store, question) for question in questions]

    async def found(question: Callable[[], Awaitable[object]]) -> None:
        assert await question()

    first = one(1000)
    one(1001)
    short = costs(first, "1000/")
    for number in range(2000, 2200):
        one(number)
    if analyzed:
        connection_of(store).execute("ANALYZE")
        store.reopen()
    long = costs(first, "1000/")
    assert all(now <= before * 1.5 + 5 for now, before in zip(long, short, strict=True)), (short, long)


def test_people_can_read_the_file_under_the_ids_that_callers_know(store: Probe) -> None:
    job = store.running()
    delivery = replace(store.delivery(job), tenant="acme", order_key="o")
    store.all(store.finish_op(job, deliveries=(delivery,)))
    connection = connection_of(store)
    ((job_id, status, submitted, args),) = connection.execute("SELECT id, status, submitted, args FROM job").fetchall()
    assert (job_id, status, args) == (job.id, "succeeded", job.args.decode())
    assert submitted == "2023-11-14 22:13:20.000"
    rows = connection.execute("SELECT id, job_id, receiver, tenant, order_key FROM outgoing").fetchall()
    assert rows == [(delivery.id, job.id, "ops", "acme", "o")]
