"""Idempotency keys of jobs that can run and of those that cannot: the SQLite store against the model."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from hookyard import ids
from hookyard.model import ErrorInfo, Job
from hookyard.store.contract import Cancel, Dead, Dedupe, DeleteJob, Enqueue, ForgetKeys, Lease, Op, RetryJob, Together
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_ledger import Ledger

START = 1_700_000_000_000
PARTS = ("d", "d\na", "d\na\n1", "d\nb", "e", "e\na")
WHY = Dead(ErrorInfo("invalid_event", "it does not fit"))
Drawn = tuple[int, int, int]

_operation = st.tuples(st.integers(0, 15), st.integers(0, len(PARTS) - 1), st.integers(0, 95))
_batch = st.tuples(st.sampled_from([0, 1, 40]), st.lists(_operation, min_size=1, max_size=5))


class Stores:
    """Both, and what operations on them can be about; each story has keys of its own."""

    def __init__(self, store: SqliteStore, runner: asyncio.Runner) -> None:
        self._store = store
        self._runner = runner
        self._model = MemoryStore()
        self._ledger = Ledger()
        self._number = count(1)
        self._story = count()

    def tell(self, batches: list[tuple[int, list[Drawn]]]) -> None:
        """Do all of it to both."""
        scope, now, jobs = f"s{next(self._story)}", START, [self._id()]
        for millis, drawn in batches:
            now += millis
            ops = [self._operation(scope, now, jobs, one) for one in drawn]
            expected, results = self._model.apply(ops), self._store.apply(ops)
            assert results == expected
            self._ledger.enter(ops, results)
            assert self._keyed(self._store, scope, now) == self._keyed(self._model, scope, now)

    def _keyed(self, store: SqliteStore | MemoryStore, scope: str, now: int) -> list[object]:
        return [self._runner.run(store.keyed(scope, name, now)) for name in ("d", "e")]

    def _id(self) -> str:
        at = next(self._number)
        return ids.join((START << 12) + at, at * 7919)

    def _operation(self, scope: str, now: int, jobs: list[str], drawn: Drawn) -> Op:
        kind, name, how = drawn
        if kind == 0:
            return ForgetKeys(now=now, scope=scope, key=PARTS[name])
        if kind < 4:
            job_id = jobs[-1 - how % min(len(jobs), 4)]
            retry = RetryJob(now=now, job_id=job_id, run_at=now)
            return (retry, Cancel(now=now, job_id=job_id), DeleteJob(now=now, job_id=job_id))[kind - 1]
        enqueue = self._enqueue(scope, now, PARTS[name], how)
        jobs.append(enqueue.job.id)
        return Together(now=now, ops=(enqueue,)) if kind == 4 else enqueue

    def _enqueue(self, scope: str, now: int, key: str, how: int) -> Enqueue:
        job = Job(
            id=self._id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=now, run_at=now, max_attempts=9
        )
        pieces = key.split("\n")
        also = tuple("\n".join(pieces[:at]) for at in range(1, len(pieces))) if how % 4 else ()
        dedupe = Dedupe(
            scope, key, b"2" if how % 12 == 11 else b"1", now + (90, 30, 1)[how % 3], also=also, take=how % 8 == 5
        )
        dead = WHY if how // 4 % 2 else None
        lease = Lease(token=next(self._number), worker="w", expires_at=now + 9) if dead is None and how % 5 else None
        return Enqueue(now=now, job=job, dedupe=dedupe, dead=dead, lease=lease)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """An empty store of each kind."""
    with asyncio.Runner() as runner:
        store = runner.run(SqliteStore.open(tmp_path / "hookyard.db"))
        store.connection.execute("PRAGMA synchronous = OFF")  # hundreds of stories, none about the disk
        yield Stores(store, runner)
        runner.run(store.aclose())
        store.close()


@pytest.mark.timeout(300)
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(_batch, min_size=2, max_size=8))
def test_the_keys_of_dead_letters_and_of_parts_are_as_the_model_has_them(
    stores: Stores, batches: list[tuple[int, list[Drawn]]]
) -> None:
    stores.tell(batches)
