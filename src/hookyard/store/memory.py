"""The model: a store in memory that is plain enough to be seen to be right.

Operations are applied one after the other, as the contract says; every other store is held against this one. It keeps
nothing, so it serves tests and trials.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import (
    TERMINAL,
    Artifact,
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryAttempt,
    ErrorInfo,
    Event,
    Job,
    LogLine,
    StateEntry,
    TerminalStatus,
)
from hookyard.store.contract import (
    AlreadyTerminal,
    AppendLog,
    Cancel,
    CancelPending,
    CancelRequested,
    Claim,
    ClaimDeliveries,
    Claimed,
    Dedupe,
    DeliveriesClaimed,
    Done,
    Enqueue,
    Enqueued,
    EventQuery,
    Extend,
    Extended,
    Failed,
    Finish,
    FinishDelivery,
    JobQuery,
    Mismatch,
    NotFound,
    Op,
    Prune,
    Pruned,
    PutArtifact,
    PutProgress,
    PutState,
    RecoverDeliveries,
    Release,
    ReleaseDelivery,
    Result,
    Stale,
    fitting,
)
from hookyard.store.memory_rows import as_new, due_at, stored, unleased
from hookyard.store.memory_told import Told
from hookyard.store.stored_progress import progress_of, progress_text

O = TypeVar("O", bound=Op)  # noqa: E741  an operation


class MemoryStore:
    """A :class:`hookyard.store.contract.Store` that lives as long as the process."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._places: set[tuple[str, int]] = set()
        """The table and key of every row that has an id: two ids with one key would be one row."""
        self._due: set[str] = set()
        """Queued jobs whose time has come."""
        self._attempts: dict[str, list[Attempt]] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._tries: dict[str, list[DeliveryAttempt]] = {}
        self._keys: dict[tuple[str, str], tuple[Dedupe, str]] = {}
        self._told = Told()

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """See the contract."""
        return [_APPLY[type(op)](self, op) for op in ops]

    # --- jobs ---

    def enqueue(self, op: Enqueue) -> Result:
        """Store a job."""
        dedupe = op.dedupe
        if dedupe is not None:
            earlier, job_id = self._keys.get((dedupe.scope, dedupe.key), (None, ""))
            if earlier is not None and earlier.expires_at > op.now:
                return Enqueued(job_id, duplicate=True) if earlier.digest == dedupe.digest else Mismatch(job_id)
        if problem := self._unusable("job", op.job.id):
            return Failed(problem)
        if op.job.max_attempts < 1:
            return Failed("not a single attempt is allowed")
        self._places.add(("job", ids.key(op.job.id)))
        self._jobs[op.job.id] = as_new(op)
        self._attempts[op.job.id] = []
        if op.lease is None and op.job.run_at <= op.now:
            self._due.add(op.job.id)
        if dedupe is not None:
            self._keys[dedupe.scope, dedupe.key] = (dedupe, op.job.id)
        return Enqueued(op.job.id)

    def claim(self, op: Claim) -> Result:
        """Lease the next due jobs."""
        limits: dict[str, int] = {}
        for ask in op.lanes:
            limits[ask.lane] = limits.get(ask.lane, 0) + max(ask.limit, 0)
        queued = [job for job in self._jobs.values() if job.status == "queued" and job.lane in limits]
        self._due.update(job.id for job in queued if job.run_at <= op.now)
        picked: list[Job] = []
        for lane, limit in limits.items():
            due = [job for job in queued if job.lane == lane and job.id in self._due]
            due.sort(key=lambda job: (-job.priority, job.id))
            picked += due[:limit]
        later = [job.run_at for job in queued if job.id not in self._due]
        fits = fitting([len(job.args) for job in picked])
        claimed = tuple(self._lease(job, op) for job in picked[:fits])
        return Claimed(claimed, min(later, default=None), more=fits < len(picked))

    def _lease(self, job: Job, op: Claim) -> Job:
        self._due.discard(job.id)
        leased = replace(
            job,
            status="running",
            reason=None,
            attempt=job.attempt + 1,
            started_at=op.now,
            lease_token=op.lease.token,
            lease_expires_at=op.lease.expires_at,
            worker=op.lease.worker,
        )
        self._jobs[job.id] = leased
        return leased

    def extend(self, op: Extend) -> Result:
        """Move a lease's end."""
        job = self._held(op.job_id, op.token)
        if job is None:
            return Stale()
        self._jobs[job.id] = replace(job, lease_expires_at=op.expires_at)
        return Extended(job.cancel_requested)

    def finish(self, op: Finish) -> Result:
        """End a job."""
        job = self._held(op.job_id, op.token, op.now if op.if_expired else None)
        if job is None:
            return Stale()
        if problem := self._unusable_deliveries(op.deliveries) or self._told.unusable(op.events):
            return Failed(problem)
        self._end_attempt(job, op.outcome, op.now, op.error)
        self._jobs[job.id] = replace(
            unleased(job),
            status=op.status,
            reason=op.reason,
            result=op.result,
            last_error=stored(op.error),
            completed_at=op.now,
        )
        self._add_deliveries(op.deliveries)
        self._told.add(op.events, op.state)
        return Done()

    def release(self, op: Release) -> Result:
        """Give a job back to the queue."""
        job = self._held(op.job_id, op.token, op.now if op.if_expired else None)
        if job is None:
            return Stale()
        if job.cancel_requested:
            return CancelPending()
        if job.attempt >= job.max_attempts and not op.uncount:
            return Failed("the attempts are used up")
        if not op.uncount:
            self._end_attempt(job, op.outcome, op.now, op.error)
        self._jobs[job.id] = replace(
            unleased(job),
            status="queued",
            reason=op.reason,
            run_at=op.run_at,
            attempt=job.attempt - op.uncount,
            last_error=job.last_error if op.error is None else stored(op.error),
        )
        if op.run_at <= op.now:
            self._due.add(job.id)
        return Done()

    def cancel(self, op: Cancel) -> Result:
        """Cancel a job."""
        job = self._jobs.get(op.job_id)
        if job is None:
            return NotFound()
        if job.status in TERMINAL:
            return AlreadyTerminal(cast("TerminalStatus", job.status))
        if job.status == "running":
            self._jobs[job.id] = replace(job, cancel_requested=True)
            return CancelRequested()
        if problem := self._unusable_deliveries(op.deliveries):
            return Failed(problem)
        self._due.discard(job.id)
        self._jobs[job.id] = replace(job, status="cancelled", reason="cancelled_by_user", completed_at=op.now)
        self._add_deliveries(op.deliveries)
        return Done()

    def put_progress(self, op: PutProgress) -> Result:
        """Note how far a job is."""
        job = self._held(op.job_id, op.token)
        if job is None:
            return Stale()
        # As it comes back from JSON, which is how stores keep it.
        self._jobs[job.id] = replace(job, progress=progress_of(progress_text(op.progress)))
        return Done()

    def append_log(self, op: AppendLog) -> Result:
        """Keep lines."""
        self._told.append(op.lines, self._jobs.__contains__)
        return Done()

    def put_state(self, op: PutState) -> Result:
        """Keep a value."""
        return self._told.put_state(op)

    def put_artifact(self, op: PutArtifact) -> Result:
        """Name an artifact."""
        if self._held(op.artifact.job_id, op.token) is None:
            return Stale()
        self._told.put_artifact(op.artifact)
        return Done()

    def prune(self, op: Prune) -> Result:
        """Forget expired keys."""
        expired = sorted(
            (dedupe.expires_at, name) for name, (dedupe, _) in self._keys.items() if dedupe.expires_at <= op.now
        )
        for _, name in expired[: op.limit]:
            del self._keys[name]
        return Pruned(min(len(expired), op.limit))

    def _held(self, job_id: str, token: int, ended_by: int | None = None) -> Job | None:
        """The job if this lease holds it; with `ended_by` only if the lease has ended by then."""
        job = self._jobs.get(job_id)
        if job is None or job.status != "running" or job.lease_token != token:
            return None
        expires_at = cast("int", job.lease_expires_at)
        return None if ended_by is not None and expires_at > ended_by else job

    def _end_attempt(self, job: Job, outcome: AttemptOutcome, now: int, error: ErrorInfo | None) -> None:
        self._attempts[job.id].append(
            Attempt(
                job_id=job.id,
                number=job.attempt,
                outcome=outcome,
                worker=cast("str", job.worker),
                started_at=cast("int", job.started_at),
                ended_at=now,
                error=stored(error),
            )
        )

    # --- deliveries ---

    def claim_deliveries(self, op: ClaimDeliveries) -> Result:
        """Lease the deliveries that are due."""
        due = [(at, one.id) for one in self._deliveries.values() if (at := due_at(one)) is not None and at <= op.now]
        claimed: list[Delivery] = []
        picked = sorted(due)[: max(op.limit, 0)]
        fits = fitting([len(self._deliveries[delivery_id].body) for _, delivery_id in picked])
        for _, delivery_id in picked[:fits]:
            delivery = self._deliveries[delivery_id]
            leased = self._deliveries[delivery_id] = replace(
                delivery,
                status="sending",
                attempt=delivery.attempt + 1,
                lease_token=op.lease.token,
                lease_expires_at=op.lease.expires_at,
            )
            claimed.append(leased)
        pending = [
            one.next_at for one in self._deliveries.values() if one.status == "pending" and one.next_at is not None
        ]
        if fits < len(picked):
            pending.append(op.now)
        return DeliveriesClaimed(tuple(claimed), min(pending, default=None))

    def finish_delivery(self, op: FinishDelivery) -> Result:
        """Store how one attempt went."""
        delivery = self._sending(op.delivery_id, op.token)
        if delivery is None:
            return Stale()
        tries = self._tries[delivery.id]
        if op.status == "sending" or any(tried.number == op.attempt.number for tried in tries):
            return Failed("no end of an attempt, or one that has ended before")
        tries.append(replace(op.attempt, delivery_id=delivery.id))
        tries.sort(key=lambda tried: tried.number)
        again = op.status == "pending"
        self._deliveries[delivery.id] = replace(
            delivery,
            status=op.status,
            next_at=(op.now if op.next_at is None else op.next_at) if again else None,
            lease_token=None,
            lease_expires_at=None,
            last_status=op.attempt.status,
            last_error=op.attempt.error,
            completed_at=None if again else op.now,
        )
        return Done()

    def release_delivery(self, op: ReleaseDelivery) -> Result:
        """Give a delivery back unsent."""
        delivery = self._sending(op.delivery_id, op.token)
        if delivery is None:
            return Stale()
        self._deliveries[delivery.id] = replace(
            delivery,
            status="pending",
            attempt=delivery.attempt - 1,
            next_at=op.now if op.next_at is None else op.next_at,
            lease_token=None,
            lease_expires_at=None,
        )
        return Done()

    def recover_deliveries(self, op: RecoverDeliveries) -> Result:
        """Make every delivery that is being sent due again."""
        for delivery in self._deliveries.values():
            if delivery.status == "sending":
                self._deliveries[delivery.id] = replace(
                    delivery, status="pending", next_at=op.now, lease_token=None, lease_expires_at=None
                )
        return Done()

    def _sending(self, delivery_id: str, token: int) -> Delivery | None:
        delivery = self._deliveries.get(delivery_id)
        held = delivery is not None and delivery.status == "sending" and delivery.lease_token == token
        return delivery if held else None

    def _unusable(self, table: str, identifier: str) -> str | None:
        if ids.parse(identifier) is None:
            return "not an id"
        return "the id is in use" if (table, ids.key(identifier)) in self._places else None

    def _unusable_deliveries(self, deliveries: Sequence[Delivery]) -> str | None:
        for delivery in deliveries:
            if problem := self._unusable("delivery", delivery.id):
                return problem
            if delivery.status == "sending" and (delivery.lease_token is None or delivery.lease_expires_at is None):
                return "a delivery is being sent without a lease"
        keys = {ids.key(delivery.id) for delivery in deliveries}
        return None if len(keys) == len(deliveries) else "an id is used twice"

    def _add_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._places.add(("delivery", ids.key(delivery.id)))
            at_once = delivery.status == "pending" and delivery.next_at is None
            self._deliveries[delivery.id] = replace(delivery, next_at=delivery.created_at) if at_once else delivery
            self._tries[delivery.id] = []

    # --- questions ---

    async def job(self, job_id: str) -> Job | None:
        """See the contract, as all of these."""
        return self._jobs.get(job_id)

    async def jobs(self, query: JobQuery) -> tuple[Job, ...]:
        """See the contract."""
        found = [
            replace(job, args=b"", result=None)
            for job in sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)
            if query.status in {None, job.status}
            and query.plugin in {None, job.plugin}
            and query.command in {None, job.command}
            and (query.before is None or job.id < query.before)
        ]
        return tuple(found[: query.limit])

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """See the contract."""
        return tuple(self._attempts.get(job_id, ()))

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """See the contract."""
        return tuple(sorted((one for one in self._deliveries.values() if one.job_id == job_id), key=lambda one: one.id))

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """See the contract."""
        return tuple(self._tries.get(delivery_id, ()))

    async def children(self, job_id: str, *, limit: int = 200) -> tuple[Job, ...]:
        """See the contract."""
        found = sorted((job for job in self._jobs.values() if job.parent == job_id), key=lambda job: job.id)
        return tuple(replace(job, args=b"", result=None) for job in found[:limit])

    async def log_lines(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[LogLine, ...]:
        """See the contract."""
        return self._told.lines(job_id, after, limit)

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """See the contract."""
        return self._told.events(query)

    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """See the contract."""
        return self._told.state(plugin, key)

    async def states(
        self, plugin: str, *, prefix: str = "", after: str = "", limit: int = 200
    ) -> tuple[StateEntry, ...]:
        """See the contract."""
        return self._told.states(plugin, prefix, after, limit)

    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """See the contract."""
        return self._told.artifacts(job_id)

    async def lost(self, now: int, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """See the contract."""
        running = [
            (cast("int", job.lease_expires_at), job.id) for job in self._jobs.values() if job.status == "running"
        ]
        jobs = [(self._jobs[job_id], end) for end, job_id in sorted(running)]
        lost = [job for job, end in jobs if (end <= now if worker is None else job.worker == worker)]
        return tuple(replace(job, args=b"", result=None) for job in lost[:limit])

    async def last_id(self) -> str | None:
        """See the contract."""
        return max([*self._jobs, *self._deliveries, *self._told.event_ids()], default=None)

    async def ready(self) -> None:
        """See the contract."""

    async def aclose(self) -> None:
        """See the contract."""

    def close(self) -> None:
        """See the contract."""


_Apply = Callable[[MemoryStore, Op], Result]


def _kind(apply: Callable[[MemoryStore, O], Result]) -> _Apply:
    # Looked up by the operation's own type, the one that this function takes.
    return cast("_Apply", apply)


_APPLY: dict[type[Op], _Apply] = {
    Enqueue: _kind(MemoryStore.enqueue),
    Claim: _kind(MemoryStore.claim),
    Extend: _kind(MemoryStore.extend),
    Finish: _kind(MemoryStore.finish),
    Release: _kind(MemoryStore.release),
    Cancel: _kind(MemoryStore.cancel),
    ClaimDeliveries: _kind(MemoryStore.claim_deliveries),
    FinishDelivery: _kind(MemoryStore.finish_delivery),
    ReleaseDelivery: _kind(MemoryStore.release_delivery),
    RecoverDeliveries: _kind(MemoryStore.recover_deliveries),
    PutProgress: _kind(MemoryStore.put_progress),
    AppendLog: _kind(MemoryStore.append_log),
    PutState: _kind(MemoryStore.put_state),
    PutArtifact: _kind(MemoryStore.put_artifact),
    Prune: _kind(MemoryStore.prune),
}
