"""The state machine that drives a store and the model with the same batches and compares them at every step."""

import asyncio
import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import Struct

from hookyard.model import (
    Artifact,
    Attempt,
    Delivery,
    DeliveryAttempt,
    Event,
    Inbound,
    Job,
    JobStatus,
    LogLine,
    StateEntry,
)
from hookyard.store.contract import AuditQuery, EventQuery, Failed, JobQuery, KeyedJob, Result, Several, Store
from hookyard.store.memory import MemoryStore
from hookyard.testing.store_draw import KEYS, ONCE, Drawn, Dresser, World, operations
from hookyard.testing.store_ledger import Ledger

T = TypeVar("T")
STATUSES: tuple[JobStatus | None, ...] = (None, "queued", "running", "succeeded", "failed", "timed_out", "cancelled")


class StoreMachine(RuleBasedStateMachine):
    """Subclass it, say how the store is opened, and give it to `hypothesis.stateful.run_state_machine_as_test`."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp(prefix="hookyard-store-"))
        self._model = MemoryStore()
        self._store = self._run(self.open_store(self._folder))
        self._world = World()
        self._ledger = Ledger()

    @abstractmethod
    async def open_store(self, folder: Path) -> Store:
        """Open the store under test on this folder."""

    def _run(self, question: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(question)

    @rule(drawn=operations(), by_kind=st.booleans())
    def apply_a_batch(self, drawn: list[Drawn], *, by_kind: bool) -> None:
        dresser = Dresser(self._world, self._token_of_job, self._token_of_delivery)
        ops = [dresser.dress(one) for one in drawn]
        if by_kind:  # as the coalescer sorts them, so that more of one kind come together
            ops.sort(key=lambda op: type(op).__name__)
        expected = self._model.apply(ops)
        results = self._store.apply(ops)
        assert [_comparable(result) for result in results] == [_comparable(result) for result in expected]
        self._ledger.enter(ops, results)

    @rule(millis=st.sampled_from([1, 7, 20, 150, 1000, 3000, -5, -400]))
    def let_time_pass_or_step_back(self, millis: int) -> None:
        self._world.now += millis

    @rule()
    def close_and_open_again(self) -> None:
        self._close()
        self._store = self._run(self.open_store(self._folder))

    @rule(
        status=st.sampled_from(STATUSES),
        plugin=st.sampled_from([None, "a"]),
        limit=st.integers(1, 5),
        place=st.integers(0, 20),
    )
    def list_jobs(self, status: JobStatus | None, plugin: str | None, limit: int, place: int) -> None:
        before = self._world.jobs[place] if place < len(self._world.jobs) else None
        query = JobQuery(status=status, plugin=plugin, limit=limit, before=before)
        assert self._run(self._store.jobs(query)) == self._run(self._model.jobs(query))

    @rule(worker=st.sampled_from([None, "w0", "w1"]), limit=st.integers(1, 5))
    def find_lost_jobs(self, worker: str | None, limit: int) -> None:
        now = self._world.now
        lost = self._run(self._store.lost(now, worker=worker, limit=limit))
        assert lost == self._run(self._model.lost(now, worker=worker, limit=limit))
        held = self._run(self._store.held(worker or "w", limit=limit))
        assert held == self._run(self._model.held(worker or "w", limit=limit))

    @rule(
        kind=st.sampled_from([None, "t0"]),
        plugin=st.sampled_from([None, "a"]),
        tenant=st.sampled_from([None, "", "t1"]),
        limit=st.integers(1, 5),
        place=st.integers(0, 40),
    )
    def list_events(self, kind: str | None, plugin: str | None, tenant: str | None, limit: int, place: int) -> None:
        known, jobs = self._world.events, self._world.jobs
        before = known[place] if place < len(known) else None
        job_id = jobs[-1 - place % 3] if place % 2 and len(jobs) > 2 else None
        query = EventQuery(type=kind, plugin=plugin, tenant=tenant, job_id=job_id, before=before, limit=limit)
        assert self._run(self._store.events(query)) == self._run(self._model.events(query))

    @rule(prefix=st.sampled_from(["", "k", "k/"]), after=st.sampled_from(KEYS), limit=st.integers(1, 3))
    def list_state(self, prefix: str, after: str, limit: int) -> None:
        found = self._run(self._store.states("a", prefix=prefix, after=after, limit=limit))
        assert found == self._run(self._model.states("a", prefix=prefix, after=after, limit=limit))

    @invariant()
    def the_store_counts_what_the_model_counts(self) -> None:
        assert self._run(self._store.depths()) == self._run(self._model.depths())
        assert self._run(self._store.doomed()) == self._run(self._model.doomed())
        assert self._run(self._store.audit(AuditQuery())) == self._run(self._model.audit(AuditQuery()))

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        stored = self._run(_everything(self._store, self._world))
        assert stored == self._run(_everything(self._model, self._world))
        told = self._run(_told(self._store, self._world))
        assert told == self._run(_told(self._model, self._world))
        self._ledger.audit(stored[0], stored[2], told.events)
        assert self._run(self._store.last_id()) == self._run(self._model.last_id())

    def teardown(self) -> None:
        self._close()
        self._runner.close()
        shutil.rmtree(self._folder)

    def _close(self) -> None:
        self._run(self._store.aclose())
        self._store.close()

    def _token_of_job(self, job_id: str) -> int | None:
        job = self._run(self._model.job(job_id))
        return None if job is None else job.lease_token

    def _token_of_delivery(self, delivery_id: str) -> int | None:
        delivery = self._run(_everything(self._model, self._world))[2].get(delivery_id)
        return None if delivery is None else delivery.lease_token


_All = tuple[
    dict[str, Job], dict[str, tuple[Attempt, ...]], dict[str, Delivery], dict[str, tuple[DeliveryAttempt, ...]]
]


async def _everything(store: Store, world: World) -> _All:
    jobs = {job_id: job for job_id in dict.fromkeys(world.jobs) if (job := await store.job(job_id)) is not None}
    attempts = {job_id: await store.attempts(job_id) for job_id in jobs}
    found = [delivery for job_id in jobs for delivery in await store.deliveries(job_id)]
    deliveries = {delivery.id: delivery for delivery in found}
    tries = {delivery_id: await store.delivery_attempts(delivery_id) for delivery_id in deliveries}
    return jobs, attempts, deliveries, tries


class _Told(Struct, frozen=True):
    lines: list[tuple[LogLine, ...]]
    artifacts: list[tuple[Artifact, ...]]
    children: list[tuple[Job, ...]]
    events: tuple[Event, ...]
    state: dict[tuple[str, str], StateEntry | None]
    inbound: list[Inbound | None]
    keyed: list[tuple[KeyedJob, ...]]
    dead: tuple[Job, ...]


async def _told(store: Store, world: World) -> _Told:
    job_ids = list(dict.fromkeys(world.jobs))
    return _Told(
        lines=[await store.log_lines(job_id) for job_id in job_ids],
        artifacts=[await store.artifacts(job_id) for job_id in job_ids],
        children=[await store.children(job_id) for job_id in job_ids],
        events=await store.events(EventQuery(limit=1000)),
        state={(plugin, key): await store.state(plugin, key) for plugin in "ab" for key in KEYS},
        inbound=[await store.inbound(job_id) for job_id in job_ids],
        keyed=[await store.keyed("s", key, world.now) for key in ONCE],
        dead=(await store.jobs(JobQuery(dead=True, limit=1000))).jobs,
    )


def _comparable(result: Result) -> Result:
    """Stores need not agree in the words of a failure."""
    if isinstance(result, Several):
        return Several(tuple(map(_comparable, result.results)))
    return Failed("") if isinstance(result, Failed) else result
