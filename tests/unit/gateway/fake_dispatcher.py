"""A dispatcher that stores jobs and changes them, and runs none."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from hookyard.dispatch.dead_letters import Inputless, is_inputless
from hookyard.dispatch.new_job import NewJob
from hookyard.dispatch.watching import Watch, Watchers
from hookyard.gateway.dispatching import Cancelled, Forgotten, Retried, Stored
from hookyard.model import AuditEntry, Job
from hookyard.store.contract import (
    AlreadyTerminal,
    AppendAudit,
    Cancel,
    CancelRequested,
    Dead,
    Deleted,
    DeleteJob,
    Done,
    Doomed,
    Enqueue,
    Enqueued,
    Exhausted,
    LaneFull,
    Mismatch,
    NotFound,
    Occupied,
    Op,
    Result,
    RetryJob,
    Several,
    StillActive,
    Together,
    Undelivered,
    Unmet,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


class FakeDispatcher:
    """Stores jobs, and runs none."""

    def __init__(self, store: MemoryStore, clock: FakeClock) -> None:
        self._store = store
        self._clock = clock
        self._watchers = Watchers()
        self.jobs: list[Job] = []
        """What was newly stored."""
        self.waits: list[float] = []
        self.failure: Exception | None = None
        self.finished: Job | None = None
        """What every wait comes back with."""
        self.cap: int | None = None
        """How many jobs may be queued in a lane."""

    def use(self, store: MemoryStore) -> None:
        """Store in another store from now on."""
        self._store = store

    async def accept(self, new: NewJob) -> Stored:
        """Store it."""
        [outcome] = await self.accept_many([new])
        return outcome

    async def accept_many(self, news: Sequence[NewJob], *, audit: AuditEntry | None = None) -> list[Stored]:
        """Store them."""
        if self.failure is not None:
            raise self.failure
        now = self._clock.now()
        ops = tuple(
            Enqueue(
                now=now,
                job=new.job,
                dedupe=new.dedupe,
                unique=new.unique,
                cap=self.cap,
                inbound=new.inbound,
                dead=None if new.dead is None else Dead(error=new.dead),
            )
            for new in news
        )
        more = () if audit is None else (AppendAudit(now=now, entry=audit),)
        [several] = self._store.apply([Together(now=now, ops=(*ops, *more))])
        assert isinstance(several, Several)
        found: list[Stored] = []
        for new, result in zip(news, several.results, strict=False):
            assert new.dead is not None or type(new.data) is new.command.spec.input_type
            assert isinstance(result, (Enqueued, Mismatch, LaneFull, Unmet, Occupied))
            found.append(result)
            if isinstance(result, Enqueued) and not (result.duplicate or result.coalesced):
                self.jobs.append(new.job)
        return found

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """Come back at once."""
        assert job_id
        self.waits.append(seconds)
        return self.finished

    async def cancel(self, job_id: str, *, audit: AuditEntry | None = None) -> Cancelled:
        """Cancel it."""
        result = self._apply(Cancel(now=self._clock.now(), job_id=job_id), audit, job_id)
        assert isinstance(result, (Done, CancelRequested, AlreadyTerminal, NotFound))
        return result

    async def kill(self, job_id: str, *, audit: AuditEntry | None = None) -> Cancelled:
        """Kill it."""
        result = self._apply(Cancel(now=self._clock.now(), job_id=job_id, kill=True, reason="killed"), audit, job_id)
        assert isinstance(result, (Done, CancelRequested, AlreadyTerminal, NotFound))
        return result

    async def retry(self, job_id: str, *, force: bool = False, audit: AuditEntry | None = None) -> Retried:
        """Queue it again."""
        now = self._clock.now()
        job = await self._store.job(job_id)
        if job is not None and is_inputless(job):
            return Inputless()
        result = self._apply(RetryJob(now=now, job_id=job_id, run_at=now, force=force), audit, job_id)
        assert isinstance(result, (Done, StillActive, Exhausted, Doomed, NotFound))
        return result

    async def delete(self, job_id: str, *, audit: AuditEntry | None = None) -> Forgotten:
        """Forget it."""
        result = self._apply(DeleteJob(now=self._clock.now(), job_id=job_id), audit, job_id)
        assert isinstance(result, (Deleted, StillActive, Undelivered, NotFound))
        return result

    def watch(self, job_id: str) -> AbstractContextManager[Watch]:
        """Look at it."""
        return self._watchers.watch(job_id)

    def tell(self, job_id: str) -> None:
        """Something about it may have changed."""
        self._watchers.tell(job_id)

    def _apply(self, op: Op, audit: AuditEntry | None, job_id: str) -> Result:
        if self.failure is not None:
            raise self.failure
        ops = (op,) if audit is None else (op, AppendAudit(now=op.now, entry=audit))
        [several] = self._store.apply([Together(now=op.now, ops=ops)])
        assert isinstance(several, Several)
        self._watchers.tell(job_id)
        return several.results[0]
