"""What every store works out in the same way."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from hookyard.model import Delivery, DeliveryStatus, FireOutcome, Job
from hookyard.store.contract import (
    NEVER_AGAIN,
    RESUMED,
    Enqueued,
    FireSchedule,
    LaneFull,
    PurgeDeliveries,
    RecoverDeliveries,
    Result,
    ResumeCallbacks,
    Unique,
)
from hookyard.store.origins import origin_of

OF_TENANT: Final = 20
"""So many times the rows are looked at, of all that a tenant has, as are sent again or deleted at most."""
R = TypeVar("R")
USED_UP: Final = frozenset({"attempts_exhausted", "worker_lost", "deadline"})
"""Why jobs end whose last attempt did not succeed, though another one might have."""


def is_dead(job: Job) -> bool:
    """Whether a job is a dead letter: its attempts are used up without success, or its input does not fit its command.

    What ended otherwise is none: a failure that no attempt would mend, a cancellation. The part `dead_letter` of
    `sql/queries.sql` says the same.
    """
    if job.status not in {"failed", "timed_out"}:
        return False
    return job.reason == "invalid_input" or (job.attempt >= job.max_attempts and job.reason in USED_UP)


def is_unrun(job: Job) -> bool:
    """Whether a job is a dead letter of which nothing has run, nor is about to: its key is free for one that can.

    `known_keys` of `sql/enqueue.sql` says the same.
    """
    return job.status == "failed" and job.reason == "invalid_input" and job.attempt == 0


def is_open(delivery: Delivery) -> bool:
    """Whether a delivery is still to be made: it is pending, held or being sent."""
    return delivery.completed_at is None


def held_back(delivery: Delivery) -> Delivery:
    """A new delivery as it is kept while another one of its order is open.

    One that comes as `sending` loses its lease, and its attempt does not count: who holds it finds it stale.
    """
    if not is_open(delivery):
        return delivery
    return replace(
        delivery,
        status="held",
        attempt=delivery.attempt - (delivery.status == "sending"),
        next_at=None,
        lease_token=None,
        lease_expires_at=None,
    )


def let_go(delivery: Delivery) -> Delivery:
    """A new delivery as it is kept while nothing stands before it."""
    return replace(delivery, status="pending") if delivery.status == "held" else delivery


def is_recovered(status: DeliveryStatus, last_error: str | None, next_at: int | None, now: int) -> bool:
    """Whether a recovery sends one again that failed, or at once one that waits, when it looks at such ones."""
    return last_error not in NEVER_AGAIN if status == "failed" else (next_at or 0) > now


def is_of_tenant(op: RecoverDeliveries | PurgeDeliveries) -> bool:
    """Whether a walk goes through all that a tenant has, since its pages would tell how much others have.

    What is for callback URLs is of all tenants, and so is what is for an endpoint whose name was another's before.
    """
    return bool(op.tenant)


def looked_at(op: RecoverDeliveries | PurgeDeliveries) -> int:
    """How many rows one page of a walk looks at: among all that a tenant has, few may be meant."""
    return max(op.limit, 0) * (OF_TENANT if is_of_tenant(op) else 1)


def page_of(
    op: RecoverDeliveries | PurgeDeliveries, looked: Sequence[R], wanted: Callable[[R], bool]
) -> tuple[list[R], R | None]:
    """What is wanted of the rows that a walk looked at, `limit` at most, and the one after which it goes on, if any."""
    found: list[R] = []
    for row in looked:
        if wanted(row):
            found.append(row)
            if is_of_tenant(op) and len(found) == op.limit:
                return found, row
    return found, looked[-1] if 0 < len(looked) == looked_at(op) else None


def is_meant(op: RecoverDeliveries | PurgeDeliveries, tenant: str, url: str | None) -> bool:
    """Whether a walk is about a delivery that it looks at, of this tenant and to this callback URL, if it is to one."""
    if op.tenant not in {None, tenant}:
        return False
    return op.origin is None or (url is not None and origin_of(url) == op.origin)


def resumed_of(op: ResumeCallbacks, looked: Sequence[R], url: Callable[[R], str | None]) -> tuple[list[R], R | None]:
    """Of what is put off for callback URLs and was looked at what is made due, and the row after which it goes on."""
    found: list[R] = []
    for row in looked:
        if origin_of(url(row) or "") == op.origin:
            found.append(row)
            if len(found) == op.limit:
                return found, row
    return found, looked[-1] if len(looked) == RESUMED else None


def sent_again(delivery: Delivery, now: int) -> Delivery:
    """A delivery that is not being sent as it is once somebody wants it sent again.

    The statement `send_again` of `sql/recovery.sql` says the same.
    """
    return replace(
        delivery,
        status="pending",
        next_at=now,
        put_off=False,
        completed_at=None,
        round_start=delivery.round_start if is_open(delivery) else delivery.attempt,
        order_key=delivery.order_key if delivery.status == "pending" else None,
    )


def fired(planned: FireOutcome, enqueued: Result | None) -> tuple[FireOutcome, str | None]:
    """What came of a fire time that is acted on.

    Args:
        planned: what comes of it where its job is stored, or where there is none.
        enqueued: what became of the job.

    Returns:
        The outcome, and the id of the job that it made, if it made one.
    """
    if enqueued is None:
        return planned, None
    if not isinstance(enqueued, Enqueued):
        return "refused", None
    if enqueued.duplicate:
        return "skipped", None
    return planned, None if enqueued.coalesced else enqueued.job_id


def as_expected(expected: Result | None, enqueued: Result | None) -> bool:
    """Whether that has become of a fire time's job which was expected; how full a full lane is does not matter."""
    if expected is None or (isinstance(expected, LaneFull) and isinstance(enqueued, LaneFull)):
        return True
    return expected == enqueued


def as_told(op: FireSchedule, made: str | None) -> bool:
    """Whether what tells of a fire time that is past holds: as expected, or else of a job only when that was made."""
    return op.job is None or op.expected is not None or made is not None


def debounced(run_at: int, submitted_at: int, unique: Unique | None) -> int:
    """When a queued job is to run whose input is now that of a later one.

    Args:
        run_at: of the later one.
        submitted_at: of the queued one.
        unique: says for how long a queued one may be put off.
    """
    latest = None if unique is None else unique.latest
    return run_at if latest is None else min(run_at, submitted_at + latest)
