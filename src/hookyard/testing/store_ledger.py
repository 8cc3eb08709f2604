"""The promises of a store, kept as an account of what it answered: independent of how any store works inside."""

from collections import Counter
from collections.abc import Sequence

from hookyard.model import TERMINAL, Delivery, Event, Job
from hookyard.store.contract import (
    Cancel,
    CancelRequested,
    Claim,
    Claimed,
    ClaimWork,
    Deleted,
    DeleteJob,
    Done,
    Enqueue,
    Enqueued,
    Extend,
    Extended,
    Finish,
    ForgetKeys,
    Op,
    Prune,
    PutState,
    Release,
    Result,
    RetryJob,
    Several,
    StatePut,
    Together,
)
from hookyard.testing.store_key_ledger import KeyLedger


class Ledger:
    """Takes every operation with its result, and then looks at what is stored."""

    def __init__(self) -> None:
        self._acknowledged: dict[str, Enqueue] = {}
        self._perhaps: dict[str, Enqueue] = {}
        """Jobs that followed another since the last look."""
        self._holder: dict[str, int | None] = {}
        """The token that each job was last given out under, None once it is given back."""
        self._ended: dict[str, Job] = {}
        self._cancelled: set[str] = set()
        self._keys = KeyLedger()
        self._promised: dict[str, str] = {}
        """Delivery -> its job, of ends that were acknowledged."""
        self._emitted: dict[str, str] = {}
        """Event -> its job, likewise."""
        self._versions: dict[tuple[str, str], int] = {}
        """The last version that each key was told to have."""

    def enter(self, ops: Sequence[Op], results: Sequence[Result]) -> None:
        """Account for a batch."""
        for op, result in zip(ops, results, strict=True):
            if isinstance(op, Together):
                assert isinstance(result, Several)
                self.enter(op.ops, result.results)
            elif isinstance(op, Enqueue):
                self._enqueued(op, result)
            elif isinstance(op, (Claim, ClaimWork)):
                self._claimed(op, result)
            elif isinstance(op, RetryJob):
                self._retried(op, result)
            elif isinstance(op, DeleteJob):
                self._deleted(op, result)
            elif isinstance(op, (Extend, Finish, Release)):
                self._settled(op, result)
            elif isinstance(op, PutState):
                self._kept(op, result)
            elif isinstance(op, Prune):
                self._keys.pruned(op.now)
            elif isinstance(op, ForgetKeys):
                self._keys.forgotten(op)
            elif isinstance(op, Cancel):
                self._cancel(op, result)

    def _cancel(self, op: Cancel, result: Result) -> None:
        if isinstance(result, CancelRequested):
            self._cancelled.add(op.job_id)
        elif isinstance(result, Done):
            self._holder[op.job_id] = None  # a queued one had none, one that was killed has none any more
            self._promised |= {delivery.id: op.job_id for delivery in op.deliveries}

    def _enqueued(self, op: Enqueue, result: Result) -> None:
        self._keys.answered(op, result)
        if isinstance(result, Enqueued) and not result.duplicate and not result.coalesced:
            assert op.job.id not in self._acknowledged
            self._stored(op)

    def _stored(self, op: Enqueue) -> None:
        self._acknowledged[op.job.id] = op
        self._holder[op.job.id] = op.lease.token if op.lease else None
        if op.dead is not None:
            assert op.lease is None, "I2: what cannot run holds no lease"
            self._promised |= {delivery.id: op.job.id for delivery in op.dead.deliveries}

    def _followed(self, op: Enqueue) -> None:
        """Whether a job that follows another was stored is not told: it shows."""
        if op.job.id not in self._acknowledged:
            self._perhaps[op.job.id] = op
            self._holder[op.job.id] = op.lease.token if op.lease else None
        if op.dedupe:
            self._keys.perhaps(op.dedupe)

    def _retried(self, op: RetryJob, result: Result) -> None:
        if isinstance(result, Done):
            assert self._holder[op.job_id] is None, "I2: only one that has ended is tried again"
            self._keys.rerun(op.job_id)
            self._ended.pop(op.job_id, None)
            self._cancelled.discard(op.job_id)

    def _deleted(self, op: DeleteJob, result: Result) -> None:
        if isinstance(result, Deleted):
            assert self._holder.pop(op.job_id) is None, "I11: what runs is not forgotten"
            self._keys.rerun(op.job_id)
            for account in (self._acknowledged, self._perhaps, self._ended):
                account.pop(op.job_id, None)
            self._cancelled.discard(op.job_id)
            self._promised = {one: job_id for one, job_id in self._promised.items() if job_id != op.job_id}

    def _claimed(self, op: Claim | ClaimWork, result: Result) -> None:
        assert isinstance(result, Claimed)
        for job in result.jobs:
            assert self._holder[job.id] is None, "I2: one live lease at most"
            self._holder[job.id] = op.lease.token
            assert job.id not in self._cancelled, "I9: cancel wins over retry"
        lanes = list(dict.fromkeys(ask.lane for ask in op.lanes))
        if isinstance(op, ClaimWork):
            order = [(int(job.affinity not in op.affinities), -job.priority, job.id) for job in result.jobs]
        else:
            order = [(lanes.index(job.lane), -job.priority, job.id) for job in result.jobs]
        assert order == sorted(order), "I8: priority, then first in, first out"

    def _settled(self, op: Extend | Finish | Release, result: Result) -> None:
        if isinstance(result, (Done, Extended)):
            assert self._holder[op.job_id] == op.token, "I3: only the holder of the lease"
        if isinstance(result, Done):
            self._holder[op.job_id] = None
        if isinstance(result, Done) and isinstance(op, Finish):
            self._promised |= {delivery.id: op.job_id for delivery in op.deliveries}
            self._emitted |= {event.id: op.job_id for event in op.events}
            for job in op.follow:
                self._followed(job)
        if isinstance(result, Done) and isinstance(op, Release):
            assert op.job_id not in self._cancelled, "I9: cancel wins over retry"

    def _kept(self, op: PutState, result: Result) -> None:
        if isinstance(result, StatePut):
            before = self._versions.get((op.plugin, op.key), 0)
            assert result.version > before, "a version of a key is never used again"
            self._versions[op.plugin, op.key] = result.version

    def audit(self, jobs: dict[str, Job], deliveries: dict[str, Delivery], events: Sequence[Event]) -> None:
        """Hold everything stored against the account."""
        stored = jobs.keys()
        self._acknowledged |= {job_id: op for job_id, op in self._perhaps.items() if job_id in stored}
        self._perhaps = {}
        assert stored == self._acknowledged.keys(), "I1: what was acknowledged, and nothing else, is there"
        assert {one.id: one.job_id for one in deliveries.values()} == self._promised, "I6: with its job's end, or never"
        assert {one.id: one.job_id for one in events} == self._emitted, "I6: with its job's end, or never"
        for job in jobs.values():
            self._audit(job)
        self._audit_keys([job for job in jobs.values() if job.status == "running"])

    def _audit_keys(self, running: Sequence[Job]) -> None:
        keyed = [job for job in running if job.concurrency_key is not None]
        count = Counter((job.lane, job.concurrency_key) for job in keyed)
        for key, number in count.items():
            most = max(job.concurrency_limit or 0 for job in keyed if (job.lane, job.concurrency_key) == key)
            assert number <= most, "I10: a key's limit is never exceeded"

    def _audit(self, job: Job) -> None:
        running = job.status == "running"
        assert (job.lease_token is not None) == running, "I2: who runs holds a lease"
        assert job.lease_token == self._holder[job.id], "I2: and it is the one given out last"
        assert job.attempt <= job.max_attempts, "I4"
        assert job.status != "queued" or job.attempt < job.max_attempts, "I4: what waits may run"
        assert not (job.id in self._cancelled and job.status == "queued"), "I9: cancel wins over retry"
        assert (job.completed_at is not None) == (job.status in TERMINAL), "I6"
        assert job.result is None or job.status == "succeeded", "I6"
        if job.status in TERMINAL:
            assert self._ended.setdefault(job.id, job) == job, "what has ended stays as it ended"
