"""The queue of the SQLite store: what waits costs nothing, however much of it there is."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.store.watched import connection_of, steps

from hookyard.model import Job, JobOptions
from hookyard.store.contract import Cancel, Claimed, ClaimWork, Done, Enqueue, LaneAsk, Op, RetryJob, Unique
from hookyard.store.sqlite import SqliteStore, statements
from hookyard.testing.store_asked import after, end, ids, keyed
from hookyard.testing.store_probe import LANE, TOKEN, Probe

INDEXES = {
    "active": {"job_unique"},
    "next_keyed": {"job_queued"},
    "statuses": {"INTEGER PRIMARY KEY"},
    "wake": {"job_before", "INTEGER PRIMARY KEY"},
    "met": {"job_before"},
    "doom": {"job_before"},
    "awaited": {"job_before"},
    "doomed": {"job_doomed"},
    "look": {"job_keyed", "job_keyed_running", "INTEGER PRIMARY KEY"},
    "let_go": {"INTEGER PRIMARY KEY"},
    "hold": {"INTEGER PRIMARY KEY"},
    "freed": {"job_keyed", "job_keyed_running"},
    "keyed_due": {"job_later"},
    "running_of_keys": {"job_keyed_running"},
    "concerned": {"job_before", "INTEGER PRIMARY KEY"},
    "candidates": {"job_queued"},
    "candidates_of_tenant": {"job_tenant_queued"},
    "affine": {"job_affine"},
    "affine_of_tenant": {"job_tenant_affine"},
    "take": {"INTEGER PRIMARY KEY"},
    "next_due": {"job_later"},
}
"""The statements that deal with what waits, and what each is to search by."""
USING = re.compile(r"USING (?:COVERING )?(?:INDEX )?([A-Z ]+KEY|\w+)")
GIVEN = re.compile(r"SCAN (given|state|before|\d+-ROW|\(subquery|CONSTANT)|SCAN \d+ CONSTANT")
"""A handful of rows that came with the question."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Probe]:
    async def open_store(folder: Path) -> SqliteStore:
        return await SqliteStore.open(folder / "hookyard.db")

    with asyncio.Runner() as runner:
        probe = Probe(runner, open_store, tmp_path)
        yield probe
        probe.close()


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("name", INDEXES)
def test_what_waits_is_found_by_an_index(store: Probe, name: str, *, analyzed: bool) -> None:
    if analyzed:
        store.all(*(Enqueue(now=store.now, job=keyed(store)) for _ in range(100)))
        connection_of(store).execute("ANALYZE")
    files = ("enqueue", "claim", "waiting", "work")
    (known,) = (found[name] for found in map(statements.load, files) if name in found)
    for rows in (1, 7):
        text = known.for_rows(rows)
        numbered = re.findall(r"\?(\d)", text)
        values = [None] * (int(max(numbered)) if numbered else text.count("?"))
        plan = [str(row[3]) for row in connection_of(store).execute("EXPLAIN QUERY PLAN " + text, values).fetchall()]
        used = {found for step in plan for found in USING.findall(step)}
        assert INDEXES[name] <= used, plan
        assert [step for step in plan if step.startswith("SCAN") and not GIVEN.match(step)] == []


def backlog(store: Probe, count: int) -> None:
    """So many jobs of each sort that wait behind others."""
    jobs: list[Job] = []
    for at in range(count):
        jobs += [
            keyed(store, key="full"),
            keyed(store, 2, key="full", priority=-at % 3),
            replace(keyed(store, key="full"), affinity="m", tenant="theirs"),
            replace(store.job(priority=-9), tenant="theirs", affinity="m"),
            replace(store.job(delay=10_000_000), unique_key="far", concurrency_key="far", concurrency_limit=1),
        ]
    for start in range(0, len(jobs), 500):
        store.all(*(Enqueue(now=store.now, job=job) for job in jobs[start : start + 500]))


@pytest.mark.parametrize("analyzed", [False, True])
def test_the_cost_of_a_job_does_not_grow_with_what_waits(store: Probe, *, analyzed: bool) -> None:
    store.enqueue(keyed(store, key="full", priority=9))
    store.claim(1)

    def life() -> list[int]:
        first, second = keyed(store, key="mine", priority=5), keyed(store, key="mine", priority=5)
        last = replace(after(store, first), priority=5)
        blocked, same = keyed(store, key="full"), replace(store.job(priority=4), unique_key="same")
        lanes = (LaneAsk(LANE, 9),)
        work = ClaimWork(
            now=store.now, lanes=lanes, limit=1, affinities=("m",), tenant="mine", lease=store.lease(TOKEN + 1)
        )
        costs = [
            steps(store, *(Enqueue(now=store.now, job=job) for job in (first, second, last, blocked))),
            steps(store, Enqueue(now=store.now, job=same, unique=Unique("skip"))),
            steps(store, store.claim_op(1)),
            steps(store, store.finish_op(first)),
            steps(store, store.claim_op(2)),
            steps(store, store.release_op(second), store.finish_op(last)),
            steps(store, store.claim_op(2)),
            steps(store, Cancel(now=store.now, job_id=second.id, kill=True), store.finish_op(same)),
            steps(store, Cancel(now=store.now, job_id=blocked.id)),
            steps(store, RetryJob(now=store.now, job_id=second.id, run_at=store.now)),
            steps(store, Cancel(now=store.now, job_id=second.id)),
            steps(store, Enqueue(now=store.now, job=replace(store.job(), tenant="mine", affinity="m"))),
            steps(store, work),
        ]
        assert [store.see(job).status for job in (first, last, second, same)] == [
            *("succeeded", "succeeded", "cancelled", "succeeded")
        ]
        for job in store.lost(worker="w1"):
            if job.tenant == "mine":
                end_with(store, job)
        return costs

    backlog(store, 5)
    life()
    short = life()
    backlog(store, 500)
    if analyzed:
        connection_of(store).execute("ANALYZE")
    life()
    long = life()
    assert all(now <= before * 1.4 + 8 for now, before in zip(long, short, strict=True)), (short, long)


def end_with(store: Probe, job: Job) -> None:
    """End a worker's job."""
    store.do(store.finish_op(job, TOKEN + 1), Done)


def test_a_backlog_of_one_key_runs_to_its_end_across_restarts_and_whatever_happens_to_it(store: Probe) -> None:
    jobs = [store.enqueue(keyed(store, priority=at % 3)) for at in range(12)]
    waiting = [store.enqueue(replace(keyed(store), options=JobOptions(after=(jobs[0].id,)))) for _ in range(2)]
    later = [store.enqueue(keyed(store, delay=5000)) for _ in range(2)]
    ways = ["finish", "reopen", "kill", "release", "lose"]
    for round_ in range(60):
        store.clock.advance(500)
        claimed = store.do(store.claim_op(9), Claimed).jobs
        assert len(claimed) <= 1, "I10"
        if not claimed:
            break
        (job,) = claimed
        way = ways[round_ % len(ways)] if job.attempt == 1 and job.id != jobs[0].id else "finish"
        if way == "reopen":
            store.reopen()
        if way in {"finish", "reopen"}:
            end(store, job)
        elif way == "kill":
            store.do(Cancel(now=store.now, job_id=job.id, kill=True), Done)
        else:
            store.clock.advance(60_000 if way == "lose" else 0)
            store.do(store.release_op(job, if_expired=way == "lose"), Done)
    left = [store.see(job).status for job in (*jobs, *waiting, *later)]
    assert set(left) <= {"succeeded", "cancelled"}, left


def test_nobody_looks_for_what_is_not_there(store: Probe) -> None:
    """No statement more for jobs that use nothing of this, as long as none does."""

    def counted(*ops: Op) -> int:
        seen: list[str] = []

        def trace(_: object, sql: str, __: object) -> bool:
            seen.append(sql)
            return True

        connection = connection_of(store)
        setattr(connection, "exec_trace", trace)  # noqa: B010  APSW's own attribute
        store.all(*ops)
        setattr(connection, "exec_trace", None)  # noqa: B010
        return len(seen)

    jobs = [store.job() for _ in range(8)]
    assert counted(*(Enqueue(now=store.now, job=job, lease=store.lease(), cap=1) for job in jobs)) == 1
    assert counted(*(store.finish_op(job) for job in jobs)) == 4
    jobs = [store.job() for _ in range(8)]
    assert counted(*(Enqueue(now=store.now, job=job) for job in jobs)) == 1
    assert counted(store.claim_op(8)) == 5
    assert ids(store.claim()) == []
    assert counted(*(store.release_op(job) for job in jobs)) == 5
