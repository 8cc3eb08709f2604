"""The life of jobs."""

from typing import Literal

from msgspec import Struct

from hookyard.model import (
    AttemptOutcome,
    Delivery,
    ErrorInfo,
    Event,
    Inbound,
    Job,
    JobStatus,
    Reason,
    StateChange,
    TerminalStatus,
)
from hookyard.store.contract.base import Op, Result


class Enqueued(Result, frozen=True):
    """The job is stored, or, when `duplicate` or `coalesced`, `job_id` names the job that stands for it."""

    job_id: str
    duplicate: bool = False
    """The idempotency key, or the unique key with the policy `skip`, stands for a job that is there already."""
    coalesced: bool = False
    """A queued job took this one's input."""


class Occupied(Result, frozen=True):
    """These queued jobs hold the unique key, whose policy is `replace`. Nothing was stored: cancel them first."""

    job_ids: tuple[str, ...]


class LaneFull(Result, frozen=True):
    """As many jobs are queued in the lane as may be. Nothing was stored."""

    queued: int


class Unmet(Result, frozen=True):
    """A job that had to succeed first is not there, or ended otherwise. Nothing was stored."""

    job_id: str
    status: TerminalStatus | None
    """None when there is no such job."""


class Doomed(Result, frozen=True):
    """A job that had to succeed first ended otherwise, or is gone, so that it would wait in vain. Nothing changed."""


class StillActive(Result, frozen=True):
    """The job has not ended; nothing changed."""

    status: JobStatus


class Exhausted(Result, frozen=True):
    """The job's attempts are used up, or it succeeded: only by force is it run again. Nothing changed."""

    status: TerminalStatus
    attempt: int
    max_attempts: int


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


class Dedupe(Struct, frozen=True):
    """One job per `(scope, key)` until `expires_at`; see :class:`Enqueue`."""

    scope: str
    key: str
    digest: bytes
    """Of the body: another digest under the same key is a :class:`Mismatch`."""
    expires_at: int
    also: tuple[str, ...] = ()
    """Keys of the same scope that this one is a part of: it begins with each of them and a line break. Each also
    answers for its parts, as long as no live key is a part of it; and stands for the job too, unless it stands for
    another that counts."""
    take: bool = False
    """Whether the key is taken whatever it stands for: nothing answers then."""


class Lease(Struct, frozen=True):
    """A worker's fenced, expiring right to one attempt."""

    token: int
    """Random, below 2**63, never used for another lease of the same row."""
    worker: str
    expires_at: int


class Dead(Struct, frozen=True):
    """Why a job cannot run, and who is told; it is a dead letter from the first."""

    error: ErrorInfo
    deliveries: tuple[Delivery, ...] = ()
    """As in :class:`Finish`."""


class Unique(Struct, frozen=True):
    """What becomes of a job while others with its `unique_key` are active, that is queued or running.

    ============  ==============================================================================================
    policy        what is done
    ============  ==============================================================================================
    ``skip``      nothing is stored; the oldest active one stands for it
    ``replace``   nothing is stored as long as any is queued (:class:`Occupied`, but Unmet before that, so that
                  none is cancelled for a job that cannot be stored); running ones do not matter
    ``coalesce``  the oldest *queued* one that has never run takes this one's `args`, `run_at` (but not later than
                  `latest` after its own `submitted_at`), `priority`, `request_id` and, in place of its own, what it
                  was made of (`inbound`); without one, it is stored
    ============  ==============================================================================================
    """

    policy: Literal["skip", "replace", "coalesce"]
    latest: int | None = None
    """Milliseconds."""


class Enqueue(Op, frozen=True, kw_only=True):
    """Store a job -> Enqueued | Mismatch | Occupied | LaneFull | Unmet | Failed.

    The first of these that applies: the idempotency key, the unique key, the jobs that had to succeed first, the
    lane's cap. A job whose `options.after` names jobs that are still active waits for them, whatever its `run_at`;
    when one of them ends otherwise than by success it is doomed, and stays queued until it is cancelled.

    Failed when the job's id is in use or it may not have a single attempt, when it has a concurrency key without a
    limit, and when it comes with a lease although it has such a key or has to wait. With `dedupe`, a live key answers
    first: nothing is stored then. Otherwise the key stands from now on for the job that the caller is told of, be it
    this one or the one that stands for it.

    A live key does not count for a job that is not `dead` itself while it stands for one of which nothing has run: a
    dead letter from the first that nobody has tried again (:func:`hookyard.store.rules.is_unrun`). It goes over to the
    new job, so that what could not run does once it can. Another digest is a Mismatch all the same, and a `dead` one is
    a duplicate of whatever a live key stands for.

    A `dead` one comes without a lease, else Failed, as when a delivery's id is in use; of what stands against a job
    only the idempotency key is asked, and nothing can be unique against it, since it is not active. Run again, it does
    not wait for the jobs in `options.after`.

    With a lease the job is stored as running its first attempt, leased by this worker, which saves the claim; only
    for a lane with room and nothing waiting, and never for a job whose `run_at` lies ahead.
    """

    job: Job
    """Of it only the first half is read, what a caller asks for; the store sets what describes its life."""
    dedupe: Dedupe | None = None
    lease: Lease | None = None
    unique: Unique | None = None
    """Only with `job.unique_key`."""
    cap: int | None = None
    """How many jobs of the lane may be queued, this one included; not asked of a job that comes with a lease."""
    inbound: Inbound | None = None
    """What it was made of, kept with it: see :meth:`Store.inbound`."""
    dead: Dead | None = None
    """It cannot run: it is stored as failed with the reason `invalid_input`, without an attempt, completed
    `now`."""


class LaneAsk(Struct, frozen=True):
    """How many jobs of one lane are asked for."""

    lane: str
    limit: int


class Claim(Op, frozen=True, kw_only=True):
    """Lease the next due jobs of these lanes -> Claimed.

    Within a lane: higher priority first, then the order of ids (I8). The attempt number goes up by one and
    `started_at` becomes `now`. Claimed.jobs keeps the order of `lanes`; a lane asked for twice is asked for the sum.
    A job with a concurrency key is passed over while as many of its lane run under that key as its own
    `concurrency_limit`, those that this claim has taken so far among them. With a lease, Enqueue is for jobs without
    such a key only.

    In this order the `args` of all jobs together are at most :data:`CLAIM_BYTES`, but one job comes whatever its size.

    A job is due once its `run_at` has come by the `now` of its Enqueue or Release, or of any Claim of its lane since.
    It then stays due, so that a clock that goes back does not hold up what was already waiting.
    """

    lanes: tuple[LaneAsk, ...]
    lease: Lease


class ClaimWork(Op, frozen=True, kw_only=True):
    """Lease the next due jobs for one external worker -> Claimed.

    Of all lanes asked for together: jobs whose `affinity` is among `affinities` first, then higher priority, then the
    order of ids. `LaneAsk.limit` is how many of the lane may run at once in all, by whomever they are held. Keys
    count as in :class:`Claim`, and so does the size of the bodies. An empty affinity is none.
    """

    lanes: tuple[LaneAsk, ...]
    limit: int
    affinities: tuple[str, ...] = ()
    tenant: str = ""
    """Only jobs of this tenant; empty: of all."""
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
    result_artifact: str | None = None
    """The name of the artifact that holds the result."""
    follow: tuple[Enqueue, ...] = ()
    """Jobs that are stored with the end, each as its own Enqueue would; what became of them is not told."""
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
    """Cancel a job -> Done | CancelRequested | AlreadyTerminal | StillActive | NotFound | Failed.

    A queued job ends as `cancelled` with this reason and these deliveries; of a running one it is noted, and its
    holder ends it. With `kill` a running one ends at once too, with its attempt: its lease is void from then on. With
    `only_queued` a running one is left alone, whatever else is asked: StillActive.
    """

    job_id: str
    reason: Reason = "cancelled_by_user"
    error: ErrorInfo | None = None
    """Without one the job keeps its last one."""
    kill: bool = False
    only_queued: bool = False
    deliveries: tuple[Delivery, ...] = ()


class RetryJob(Op, frozen=True, kw_only=True):
    """Queue an ended job again, its history kept -> Done | StillActive | Exhausted | Failed | Doomed | NotFound.

    The attempt number goes on from where it stands. `force` is for a job whose attempts are used up, which then gets
    `attempts` more, and for one that succeeded. Result, reason, error, progress and the request to cancel are cleared;
    the items, lines and artifacts stay. Failed when it is to get not a single attempt. What it had to wait for it waits
    for again, until that has succeeded; Doomed, after all else was looked at, when that cannot be any more.
    """

    job_id: str
    run_at: int
    force: bool = False
    attempts: int = 1
