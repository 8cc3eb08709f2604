"""The second state machine: what is kept beside the life of jobs, and forgetting, on a store and on the model alike."""

import asyncio
import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hookyard.model import DeliveryAttempt, DeliveryStatus
from hookyard.store.contract import (
    AuditQuery,
    Cancel,
    ClaimDeliveries,
    Done,
    Enqueue,
    Enqueued,
    EventQuery,
    Failed,
    Finish,
    FinishDelivery,
    Fired,
    FireSchedule,
    JobQuery,
    Lease,
    Op,
    Result,
    Store,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing.store_draw_kept import DELIVERIES, JOBS, NAMES, TOKEN, kept_operations, retimed

_MOST: Final = 1000


class KeptMachine(RuleBasedStateMachine):
    """Subclass it, say how the store is opened, and give it to `hypothesis.stateful.run_state_machine_as_test`."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp(prefix="hookyard-kept-"))
        self._model = MemoryStore()
        self._store = self._runner.run(self.open_store(self._folder))
        self._now = 1_700_000_000_000
        self._alive: set[str] = set()
        """Jobs that were acknowledged and have not ended."""
        self._owed: dict[str, str] = {}
        """Deliveries that are still to be made, with their job."""
        self._tries = 0

    @abstractmethod
    async def open_store(self, folder: Path) -> Store:
        """Open the store under test on this folder."""

    @rule(drawn=st.lists(kept_operations(), min_size=1, max_size=6), millis=st.sampled_from([0, 1, 5, 40]))
    def apply_a_batch(self, drawn: list[Op], millis: int) -> None:
        self._now += millis
        ops = [retimed(op, self._now) for op in drawn]
        self._apply(ops)

    @rule(delivered=st.booleans())
    def deliver(self, *, delivered: bool) -> None:
        """Claim what is due and settle it."""
        self._apply([ClaimDeliveries(now=self._now, limit=9, lease=Lease(TOKEN, "courier", self._now + 5))])
        self._tries += 1
        tried = DeliveryAttempt(
            delivery_id="", number=self._tries, started_at=self._now, duration=1, status=200, error=None, response=b""
        )
        status: DeliveryStatus = "delivered" if delivered else "pending"
        self._apply(
            [
                FinishDelivery(now=self._now, delivery_id=one, token=TOKEN, status=status, attempt=tried)
                for one in DELIVERIES
            ]
        )

    @rule()
    def close_and_open_again(self) -> None:
        self._close()
        self._store = self._runner.run(self.open_store(self._folder))

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        stored = self._runner.run(_everything(self._store))
        assert stored == self._runner.run(_everything(self._model))
        there = {job_id for job_id in JOBS if self._runner.run(self._store.job(job_id)) is not None}
        assert self._alive <= there, "I11: what lives is never forgotten"
        assert set(self._owed.values()) <= there, "I11: nor what is still to be delivered"

    def teardown(self) -> None:
        self._close()
        self._runner.close()
        shutil.rmtree(self._folder)

    def _close(self) -> None:
        self._runner.run(self._store.aclose())
        self._store.close()

    def _apply(self, ops: Sequence[Op]) -> None:
        expected = self._model.apply(ops)
        results = self._store.apply(ops)
        assert list(map(_comparable, results)) == list(map(_comparable, expected))
        for op, result in zip(ops, results, strict=True):
            self._account(op, result)

    def _account(self, op: Op, result: Result) -> None:
        if isinstance(op, FireSchedule) and op.job is not None and isinstance(result, Fired) and result.enqueued:
            self._account(op.job, result.enqueued)
        elif isinstance(op, Enqueue) and isinstance(result, Enqueued) and not (result.duplicate or op.dead):
            self._alive.add(op.job.id)
        elif isinstance(op, Finish | Cancel) and isinstance(result, Done):
            self._alive.discard(op.job_id)
            self._owed |= {one.id: one.job_id for one in op.deliveries if one.job_id is not None}
        elif isinstance(op, FinishDelivery) and isinstance(result, Done) and op.status == "delivered":
            self._owed.pop(op.delivery_id, None)


async def _everything(store: Store) -> list[object]:
    jobs = [await store.job(job_id) for job_id in JOBS]
    return [
        jobs,
        *[await store.inbound(job_id) for job_id in JOBS],
        *[await store.keyed("s", name, 0) for name in NAMES],
        *[await store.items(job_id) for job_id in JOBS],
        *[await store.items_told(job_id) for job_id in JOBS],
        *[await store.log_lines(job_id) for job_id in JOBS],
        *[await store.artifacts(job_id) for job_id in JOBS],
        *[await store.attempts(job_id) for job_id in JOBS],
        *[await store.deliveries(job_id) for job_id in JOBS],
        *[await store.delivery(delivery_id) for delivery_id in DELIVERIES],
        *[await store.delivery_attempts(delivery_id) for delivery_id in DELIVERIES],
        await store.jobs(JobQuery(limit=_MOST)),
        await store.jobs(JobQuery(tag="t", limit=_MOST)),
        await store.events(EventQuery(limit=_MOST)),
        await store.tokens(),
        await store.audit(AuditQuery(limit=_MOST)),
        await store.audit(AuditQuery(action="token", limit=_MOST)),
        await store.pauses(),
        await store.workers(),
        await store.schedules(),
        await store.artifact_bytes(),
        await store.last_id(),
    ]


def _comparable(result: Result) -> Result:
    """Stores need not agree in the words of a failure."""
    return Failed("") if isinstance(result, Failed) else result
