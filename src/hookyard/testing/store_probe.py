"""What the store contract suite holds a store with: plain calls instead of awaits, and short ways to say things."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from msgspec.structs import replace

from hookyard.ids import IdSource
from hookyard.model import (
    Artifact,
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    ErrorInfo,
    Event,
    Item,
    Job,
    Reason,
    Schedule,
    StateChange,
    TerminalStatus,
)
from hookyard.store.contract import (
    AuditFound,
    AuditQuery,
    Claim,
    ClaimDeliveries,
    Claimed,
    Dedupe,
    DeliveriesClaimed,
    Enqueue,
    Enqueued,
    Finish,
    FinishDelivery,
    JobQuery,
    JobsFound,
    LaneAsk,
    Lease,
    Op,
    Release,
    Result,
    Store,
)
from hookyard.testing.clock import FakeClock

T = TypeVar("T", bound=Result)

TOKEN = 7_000_000_000_000_000_001
LANE = "hello/greet"


class Opener(Protocol):
    """Opens the store under test on a folder; called again with the same folder it finds what was there."""

    async def __call__(self, folder: Path) -> Store: ...


class Probe:
    """A store under test and the time it is told."""

    def __init__(self, runner: asyncio.Runner, opener: Opener, folder: Path) -> None:
        self.runner = runner
        self._opener = opener
        self._folder = folder
        self.clock = FakeClock()
        self.new_id = IdSource(self.clock)
        self.store = runner.run(opener(folder))

    @property
    def now(self) -> int:
        """The time that operations carry."""
        return self.clock.now()

    def reopen(self) -> None:
        """Close the store and open what it left."""
        self.close()
        self.store = self.runner.run(self._opener(self._folder))

    def close(self) -> None:
        """Close the store."""
        self.runner.run(self.store.aclose())
        self.store.close()

    # --- to say what is to be done ---

    def job(self, *, lane: str = LANE, delay: int = 0, priority: int = 0, max_attempts: int = 4) -> Job:
        """A new job, due after `delay` milliseconds."""
        plugin, _, command = lane.partition("/")
        return Job(
            id=self.new_id(),
            plugin=plugin,
            command=command,
            lane=lane,
            args=b'{"name":"Ada"}',
            submitted_at=self.now,
            run_at=self.now + delay,
            priority=priority,
            max_attempts=max_attempts,
            principal="token:test",
            request_id="req-1",
        )

    def delivery(self, job: Job | None = None, *, delay: int | None = None) -> Delivery:
        """A new delivery of a job's end, due after `delay` milliseconds, or at once."""
        return Delivery(
            id=self.new_id(),
            job_id=None if job is None else job.id,
            request_id="" if job is None else job.request_id,
            event="job.succeeded",
            endpoint="ops",
            url=None,
            body=b'{"type":"job.succeeded"}',
            created_at=self.now,
            next_at=None if delay is None else self.now + delay,
        )

    def lease(self, token: int = TOKEN, *, seconds: int = 30, worker: str = "w1") -> Lease:
        """A lease of so many seconds."""
        return Lease(token=token, worker=worker, expires_at=self.now + seconds * 1000)

    def once(self, key: str = "k1", *, digest: bytes = b"digest", seconds: int = 60) -> Dedupe:
        """An idempotency key that lives so many seconds."""
        return Dedupe(scope="token:test", key=key, digest=digest, expires_at=self.now + seconds * 1000)

    def claim_op(self, limit: int = 1, *, lanes: tuple[str, ...] = (LANE,), token: int = TOKEN) -> Claim:
        """A claim of so many jobs of each lane."""
        asks = tuple(LaneAsk(lane, limit) for lane in lanes)
        return Claim(now=self.now, lanes=asks, lease=self.lease(token))

    def finish_op(
        self,
        job: Job,
        token: int = TOKEN,
        *,
        status: TerminalStatus = "succeeded",
        outcome: AttemptOutcome = "succeeded",
        reason: Reason | None = None,
        error: ErrorInfo | None = None,
        deliveries: tuple[Delivery, ...] = (),
        events: tuple[Event, ...] = (),
        state: tuple[StateChange, ...] = (),
        follow: tuple[Enqueue, ...] = (),
        result_artifact: str | None = None,
        if_expired: bool = False,
    ) -> Finish:
        """The end of a job."""
        return Finish(
            now=self.now,
            job_id=job.id,
            token=token,
            status=status,
            outcome=outcome,
            reason=reason,
            result=b'{"text":"Hello, Ada!"}' if status == "succeeded" else None,
            error=error,
            deliveries=deliveries,
            events=events,
            state=state,
            follow=follow,
            result_artifact=result_artifact,
            if_expired=if_expired,
        )

    def release_op(
        self,
        job: Job,
        token: int = TOKEN,
        *,
        delay: int = 0,
        outcome: AttemptOutcome = "failed",
        reason: Reason = "plugin_error",
        uncount: bool = False,
        error: ErrorInfo | None = None,
        if_expired: bool = False,
    ) -> Release:
        """A job given back."""
        return Release(
            now=self.now,
            job_id=job.id,
            token=token,
            run_at=self.now + delay,
            outcome=outcome,
            reason=reason,
            uncount=uncount,
            error=error,
            if_expired=if_expired,
        )

    def settle_op(
        self,
        delivery: Delivery,
        token: int = TOKEN,
        *,
        status: DeliveryStatus = "delivered",
        answer: int | None = 200,
        next_at: int | None = None,
    ) -> FinishDelivery:
        """The end of a delivery's attempt."""
        tried = DeliveryAttempt(
            delivery_id=delivery.id,
            number=delivery.attempt,
            started_at=self.now,
            duration=12,
            status=answer,
            error=None if answer else "connection refused",
            response=b"ok" if answer else None,
        )
        return FinishDelivery(
            now=self.now, delivery_id=delivery.id, token=token, status=status, attempt=tried, next_at=next_at
        )

    # --- to do it ---

    def all(self, *ops: Op) -> list[Result]:
        """Apply a batch."""
        results = self.store.apply(ops)
        assert len(results) == len(ops), "one result for each operation"
        return results

    def do(self, op: Op, expected: type[T]) -> T:
        """Apply one operation, which must have a result of this kind."""
        (result,) = self.all(op)
        assert isinstance(result, expected), result
        return result

    def enqueue(self, job: Job | None = None, *, lease: Lease | None = None, dedupe: Dedupe | None = None) -> Job:
        """Store a job, and see it."""
        job = self.job() if job is None else job
        self.do(Enqueue(now=self.now, job=job, lease=lease, dedupe=dedupe), Enqueued)
        return self.see(job)

    def running(self, job: Job | None = None, token: int = TOKEN) -> Job:
        """A job that runs under this token."""
        return self.enqueue(job, lease=self.lease(token))

    def claim(self, limit: int = 1, *, lanes: tuple[str, ...] = (LANE,), token: int = TOKEN) -> tuple[Job, ...]:
        """Claim jobs."""
        return self.do(self.claim_op(limit, lanes=lanes, token=token), Claimed).jobs

    def claim_deliveries(self, limit: int = 10, token: int = TOKEN) -> tuple[Delivery, ...]:
        """Claim deliveries."""
        op = ClaimDeliveries(now=self.now, limit=limit, lease=self.lease(token))
        return self.do(op, DeliveriesClaimed).deliveries

    def sending(self) -> Delivery:
        """A delivery under way, leased with the usual token."""
        job = self.running()
        self.all(self.finish_op(job, deliveries=(self.delivery(job),)))
        (delivery,) = self.claim_deliveries()
        return delivery

    # --- to look at what came of it ---

    def see(self, job: Job | str) -> Job:
        """A job as it is stored."""
        found = self.runner.run(self.store.job(job if isinstance(job, str) else job.id))
        assert found is not None, "the job is stored"
        return found

    def find(self, job_id: str) -> Job | None:
        """A job, if it is there."""
        return self.runner.run(self.store.job(job_id))

    def jobs(self, query: JobQuery) -> tuple[Job, ...]:
        """A page of jobs."""
        return self.page(query).jobs

    def page(self, query: JobQuery) -> JobsFound:
        """A page of jobs, and where the next one begins."""
        return self.runner.run(self.store.jobs(query))

    def audit(self, query: AuditQuery) -> AuditFound:
        """A page of the audit log."""
        return self.runner.run(self.store.audit(query))

    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules."""
        return self.runner.run(self.store.schedules())

    def items(self, job: Job, *, after: str = "", limit: int = 200) -> tuple[Item, ...]:
        """The partial results of a job."""
        return self.runner.run(self.store.items(job.id, after=after, limit=limit))

    def artifacts(self, job: Job) -> tuple[Artifact, ...]:
        """The artifacts of a job."""
        return self.runner.run(self.store.artifacts(job.id))

    def attempts(self, job: Job) -> tuple[Attempt, ...]:
        """The ended attempts of a job."""
        return self.runner.run(self.store.attempts(job.id))

    def deliveries(self, job: Job) -> tuple[Delivery, ...]:
        """The deliveries of a job."""
        return self.runner.run(self.store.deliveries(job.id))

    def find_delivery(self, delivery_id: str) -> Delivery | None:
        """A delivery, if it is there."""
        return self.runner.run(self.store.delivery(delivery_id))

    def tries(self, delivery: Delivery) -> tuple[DeliveryAttempt, ...]:
        """The tries at a delivery."""
        return self.runner.run(self.store.delivery_attempts(delivery.id))

    def lost(self, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Running jobs that nobody works on."""
        return self.runner.run(self.store.lost(self.now, worker=worker, limit=limit))

    def held(self, prefix: str, *, limit: int = 100) -> Mapping[str, tuple[str, ...]]:
        """The ids of running jobs by who holds them."""
        return self.runner.run(self.store.held(prefix, limit=limit))

    def doomed(self, *, limit: int = 100) -> tuple[Job, ...]:
        """Jobs that wait in vain."""
        return self.runner.run(self.store.doomed(limit=limit))

    def depths(self) -> dict[str, tuple[int, int]]:
        """How many jobs of each lane are queued, and how many run."""
        return {one.lane: (one.queued, one.running) for one in self.runner.run(self.store.depths())}

    def last_id(self) -> str | None:
        """The largest id in use."""
        return self.runner.run(self.store.last_id())

    def ready(self) -> None:
        """Ask whether the store answers."""
        self.runner.run(self.store.ready())


class StoreCase(ABC):
    """The base of the suite's parts: a fresh store for each test."""

    keeps: bool = True
    """Whether what is committed is there after closing and opening again."""

    @abstractmethod
    async def open_store(self, folder: Path) -> Store:
        """Open the store under test on this folder."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Probe]:
        """The store under test."""
        with asyncio.Runner() as runner:
            probe = Probe(runner, self.open_store, tmp_path)
            yield probe
            probe.close()


def without_bodies(job: Job) -> Job:
    """A job as lists show it."""
    return replace(job, args=b"", result=None)


def with_lease(job: Job, token: int, *, now: int, until: int, worker: str = "w1") -> Job:
    """A queued job as it is once leased."""
    return replace(
        job,
        status="running",
        reason=None,
        attempt=job.attempt + 1,
        started_at=now,
        lease_token=token,
        lease_expires_at=until,
        worker=worker,
    )
