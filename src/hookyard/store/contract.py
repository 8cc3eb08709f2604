"""The store's whole contract: one way to write, a handful of questions to ask.

Writing is :meth:`Store.apply`: a batch of operations in one physical transaction. The results are those of applying
the operations one after another in the order given, each succeeding or failing on its own: what a caller can get
wrong (an old lease, a key used twice) is a value, not an exception. Only a store that can do nothing at all raises,
and then nothing of the batch was done.

Operations are plain frozen data and carry their own `now`, so that a batch can cross a thread or a process, and so
that the same batch gives the same results on every store.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from hookyard.model import (
    Artifact,
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    ErrorInfo,
    Event,
    Job,
    JobStatus,
    LogLine,
    Progress,
    Reason,
    StateChange,
    StateEntry,
    TerminalStatus,
)

CLAIM_BYTES: Final = 16 * 1024 * 1024
"""What one claim brings of bodies at most, so that a queue of large ones fits into memory and into one row."""


def fitting(sizes: Sequence[int]) -> int:
    """How many of the bodies of these sizes, in bytes, one claim brings: at least one, if there is one."""
    total = 0
    for at, size in enumerate(sizes):
        if total and total + size > CLAIM_BYTES:
            return at
        total += size
    return len(sizes)


class Op(Struct, frozen=True, kw_only=True, tag=True):
    """One thing to change. `now` is the time at which it counts as done."""

    now: int


class Result(Struct, frozen=True, tag=True):
    """What became of one operation."""


# --- results ----------------------------------------------------------------------------------------------------


class Done(Result, frozen=True):
    """It was done."""


class Enqueued(Result, frozen=True):
    """The job is stored, or, when `duplicate`, the same request already was and `job_id` names its job."""

    job_id: str
    duplicate: bool = False


class Mismatch(Result, frozen=True):
    """The idempotency key stands for `job_id`, which had another body. Nothing was stored."""

    job_id: str


class Claimed(Result, frozen=True):
    """The jobs now leased, in the order in which to start them."""

    jobs: tuple[Job, ...]
    next_due: int | None
    """The earliest `run_at` among the jobs of the lanes asked for that are not due yet."""
    more: bool = False
    """Whether jobs that are due were left out, from any of the lanes, because of their size: claim again."""


class Pruned(Result, frozen=True):
    """So many were forgotten; as many as the limit: there may be more."""

    count: int


class Stale(Result, frozen=True):
    """The lease token is not, or no longer, the one the row holds; nothing changed."""


class Extended(Result, frozen=True):
    """The lease now ends later."""

    cancel_requested: bool


class CancelPending(Result, frozen=True):
    """The job is not given back to the queue because its cancellation was asked for; finish it as cancelled."""


class CancelRequested(Result, frozen=True):
    """The job is running: its holder is told with the next extend."""


class AlreadyTerminal(Result, frozen=True):
    """The job has ended; nothing changed."""

    status: TerminalStatus


class StatePut(Result, frozen=True):
    """The value is kept, or deleted, and has this version now."""

    version: int


class StateMismatch(Result, frozen=True):
    """The key holds another version than was expected; nothing changed."""

    version: int
    """The version it holds; 0 when it holds nothing."""


class NotFound(Result, frozen=True):
    """There is no such row."""


class Failed(Result, frozen=True):
    """The operation contradicts what is stored (an id in use, an attempt too many); nothing of it was done.

    It is the caller's fault, never the store's state: the coalescer raises it as a StoreError, to that caller only.
    """

    detail: str
    """For the log."""


class DeliveriesClaimed(Result, frozen=True):
    """The deliveries now leased, the longest due first."""

    deliveries: tuple[Delivery, ...]
    next_due: int | None
    """The earliest `next_at` among the rest that is pending; not after `now` when some that are due were left out
    because of their size."""


# --- operations -------------------------------------------------------------------------------------------------


class Dedupe(Struct, frozen=True):
    """One job per `(scope, key)` until `expires_at`."""

    scope: str
    key: str
    digest: bytes
    """Of the body: another digest under the same key is a :class:`Mismatch`."""
    expires_at: int


class Lease(Struct, frozen=True):
    """A worker's fenced, expiring right to one attempt."""

    token: int
    """Random, below 2**63, never used for another lease of the same row."""
    worker: str
    expires_at: int


class Enqueue(Op, frozen=True, kw_only=True):
    """Store a job -> Enqueued | Mismatch | Failed.

    Failed when the job's id is in use or it may not have a single attempt. With `dedupe`, a live key answers first:
    nothing is stored then.

    With a lease the job is stored as running its first attempt, leased by this worker, which saves the claim; only
    for a lane with room and nothing waiting, and never for a job whose `run_at` lies ahead.
    """

    job: Job
    """Of it only the first half is read, what a caller asks for; the store sets what describes its life."""
    dedupe: Dedupe | None = None
    lease: Lease | None = None


class LaneAsk(Struct, frozen=True):
    """How many jobs of one lane are asked for."""

    lane: str
    limit: int


class Claim(Op, frozen=True, kw_only=True):
    """Lease the next due jobs of these lanes -> Claimed.

    Within a lane: higher priority first, then the order of ids (I8). The attempt number goes up by one and
    `started_at` becomes `now`. Claimed.jobs keeps the order of `lanes`; a lane asked for twice is asked for the sum.
    In this order the `args` of all jobs together are at most :data:`CLAIM_BYTES`, but one job comes whatever its size.

    A job is due once its `run_at` has come by the `now` of its Enqueue or Release, or of any Claim of its lane since.
    It then stays due, so that a clock that goes back does not hold up what was already waiting.
    """

    lanes: tuple[LaneAsk, ...]
    lease: Lease


class Extend(Op, frozen=True, kw_only=True):
    """Move a lease's end -> Extended | Stale.

    A lease that has ended but was given to nobody else is alive again.
    """

    job_id: str
    token: int
    expires_at: int


class Finish(Op, frozen=True, kw_only=True):
    """End a job for good, with its attempt and its outgoing deliveries -> Done | Stale | Failed.

    All of it in the one transaction (I6). A delivery that comes with status `sending` is leased at once by the local
    courier; one that comes `pending` without `next_at` is due at once. Failed when a delivery's id is in use.
    """

    job_id: str
    token: int
    status: TerminalStatus
    outcome: AttemptOutcome
    reason: Reason | None = None
    result: bytes | None = None
    error: ErrorInfo | None = None
    deliveries: tuple[Delivery, ...] = ()
    events: tuple[Event, ...] = ()
    """What the command emitted; written in the order given. Failed when an id is in use."""
    state: tuple[StateChange, ...] = ()
    """What is to be kept, whatever is there now; the later of two changes of one key stays."""
    if_expired: bool = False
    """Only when the lease has ended by `now`, else Stale: how the janitor leaves a holder alone that came back."""


class Release(Op, frozen=True, kw_only=True):
    """Give a running job back to the queue, ready at `run_at` -> Done | Stale | CancelPending | Failed.

    A retry and a lost lease keep the attempt number, so that it counts; `uncount` takes it back, for a deploy or a
    `RetryLater`. As its number is used again, an attempt taken back leaves no row among the attempts. Without an
    `error` the job keeps its last one. Failed when the attempts are used up and this one counts (I4): finish it.
    """

    job_id: str
    token: int
    run_at: int
    outcome: AttemptOutcome
    reason: Reason
    uncount: bool = False
    error: ErrorInfo | None = None
    if_expired: bool = False
    """Only when the lease has ended by `now`, else Stale."""


class Cancel(Op, frozen=True, kw_only=True):
    """Cancel a job -> Done | CancelRequested | AlreadyTerminal | NotFound | Failed.

    A queued job ends as `cancelled` with `cancelled_by_user` and these deliveries; of a running one it is noted, and
    its holder ends it.
    """

    job_id: str
    deliveries: tuple[Delivery, ...] = ()


class ClaimDeliveries(Op, frozen=True, kw_only=True):
    """Lease the deliveries that are due -> DeliveriesClaimed.

    Due is `pending` with `next_at <= now`, or `sending` with a lease that has ended: a courier died, and the delivery
    is sent again under the same id. The attempt number goes up by one. The longest due comes first, then the order
    of ids. The bodies of all together are at most :data:`CLAIM_BYTES`, but one comes whatever its size.
    """

    limit: int
    lease: Lease


class FinishDelivery(Op, frozen=True, kw_only=True):
    """Store how one attempt went -> Done | Stale | Failed.

    `delivered` and `failed` are final; `pending` comes back at `next_at`, or at once without one. Failed when the
    status is `sending` or the attempt's number is in use.
    """

    delivery_id: str
    token: int
    status: DeliveryStatus
    attempt: DeliveryAttempt
    next_at: int | None = None


class ReleaseDelivery(Op, frozen=True, kw_only=True):
    """Give a delivery back unsent -> Done | Stale. The attempt number goes down by one.

    At a drain, and when its receiver cannot be sent to for now.
    """

    delivery_id: str
    token: int
    next_at: int | None = None
    """When it is due again; None: at once."""


class RecoverDeliveries(Op, frozen=True, kw_only=True):
    """Make every delivery that is being sent due again -> Done.

    For a store that one process uses alone, at its start: whoever was sending is dead, and no lease needs waiting for.
    Their attempt counts, as a crash does.
    """


class PutProgress(Op, frozen=True, kw_only=True):
    """Note how far a running job is -> Done | Stale."""

    job_id: str
    token: int
    progress: Progress


class AppendLog(Op, frozen=True, kw_only=True):
    """Keep lines of jobs' logs -> Done.

    Each line gets the next number of its job. A line of a job that does not exist is dropped.
    """

    lines: tuple[LogLine, ...]


class PutState(Op, frozen=True, kw_only=True):
    """Keep a value for a plugin, or delete it -> StatePut | StateMismatch.

    A deleted key leaves its version behind, so that a later value under it never has an earlier one's version.
    """

    plugin: str
    key: str
    value: bytes | None
    """JSON; None deletes."""
    expected: int | None = None
    """The version the key must hold, 0 for none at all; None writes whatever is there (compare-and-set)."""


class PutArtifact(Op, frozen=True, kw_only=True):
    """Name an artifact of a running job, its content being stored already -> Done | Stale.

    An artifact of the same name is replaced.
    """

    token: int
    artifact: Artifact


class Prune(Op, frozen=True, kw_only=True):
    """Forget at most `limit` expired idempotency keys -> Pruned."""

    limit: int = 1000


# --- questions --------------------------------------------------------------------------------------------------


class JobQuery(Struct, frozen=True, kw_only=True):
    """Which jobs to list, newest first."""

    status: JobStatus | None = None
    plugin: str | None = None
    command: str | None = None
    before: str | None = None
    """Only jobs whose id is smaller: the keyset cursor."""
    limit: int = 50


class EventQuery(Struct, frozen=True, kw_only=True):
    """Which events to list, newest first."""

    type: str | None = None
    plugin: str | None = None
    job_id: str | None = None
    before: str | None = None
    """Only events whose id is smaller: the keyset cursor."""
    limit: int = 50


class Store(Protocol):
    """What every store does. `apply` and `close` are called from one thread only, the coalescer's."""

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """Apply a batch in one transaction; results in the order of `ops`.

        Raises:
            StoreUnavailable: full disk, read-only file, lost connection; nothing was done, and a later call may
                succeed.
        """
        ...

    async def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        ...

    async def jobs(self, query: JobQuery) -> tuple[Job, ...]:
        """A page of jobs, newest first; `args` and `result` are left empty.

        A page of any status, or of all, costs the same however long the history is. Only by `plugin` or `command`
        there is no index: when few jobs match, the whole history may be walked through.

        Raises:
            StoreUnavailable: that took too long.
        """
        ...

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The ended attempts of a job, oldest first."""
        ...

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """The deliveries of a job, oldest first."""
        ...

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """The tries at a delivery, oldest first."""
        ...

    async def children(self, job_id: str, *, limit: int = 200) -> tuple[Job, ...]:
        """The jobs that a job's command called for, oldest first; `args` and `result` are left empty."""
        ...

    async def log_lines(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[LogLine, ...]:
        """The lines of a job's log with a number greater than `after`, oldest first."""
        ...

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """A page of events, newest first."""
        ...

    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """What a plugin keeps under a key; None when nothing, or no longer."""
        ...

    async def states(
        self, plugin: str, *, prefix: str = "", after: str = "", limit: int = 200
    ) -> tuple[StateEntry, ...]:
        """What a plugin keeps under keys that begin with `prefix` and are greater than `after`, in their order."""
        ...

    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """The artifacts of a job, by name."""
        ...

    async def lost(self, now: int, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Running jobs whose lease has ended at `now`, or, of `worker`, all running jobs whatever their lease.

        The lease that ended first comes first, then the order of ids; `args` and `result` are left empty.
        """
        ...

    async def last_id(self) -> str | None:
        """The largest id in use in any table, so that new ids come after it even when the clock went back."""
        ...

    async def ready(self) -> None:
        """Return when the store answers; raise StoreUnavailable when it does not."""
        ...

    async def aclose(self) -> None:
        """Close the reading side; `close` closes the rest."""
        ...

    def close(self) -> None:
        """Close the writing side and let go of the file."""
        ...
