"""Drawing operations on deliveries and endpoints for the third state machine, from numbers.

Everything is about few rows of few endpoints and orders, so that operations meet.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from hypothesis import strategies as st

from hookyard import ids
from hookyard.model import Delivery, DeliveryAttempt, DeliveryStatus, DisabledReason, Endpoint, Job
from hookyard.store.contract import (
    AbandonDelivery,
    AddMissed,
    AppendEvents,
    Cancel,
    ClaimDeliveries,
    DeleteEndpoint,
    DeleteJob,
    DeliveryFilter,
    Enqueue,
    FinishDelivery,
    Lease,
    MarkEndpoint,
    Op,
    Prune,
    PruneJobs,
    PurgeDeliveries,
    PutEndpoint,
    ReclaimDeliveries,
    RecoverDeliveries,
    ReleaseDelivery,
    ReplacePrivate,
    ResendDelivery,
    ResumeCallbacks,
    ResumeDeliveries,
)

Purged = Literal["pending", "held", "delivered", "failed"]
START: Final = 1_700_000_000_000
ENDPOINTS: Final = ("e", "f", None)
ORDERS: Final = (None, "o", "p")
SETTLED: Final[tuple[DeliveryStatus, ...]] = ("delivered", "failed", "pending", "pending", "failed", "held")
PURGED: Final[tuple[tuple[Purged, ...], ...]] = (
    ("pending",),
    ("held",),
    ("failed", "delivered"),
    ("pending", "held", "delivered", "failed"),
    (),
)
Numbers = tuple[int, int, int, int]
"""Of one operation: its kind, what it is about, and two choices."""


def numbers(most: int = 6) -> st.SearchStrategy[list[Numbers]]:
    """Batches of up to so many operations."""
    number = st.integers(0, 59)
    return st.lists(st.tuples(number, number, number, number), min_size=1, max_size=most)


class Sent:
    """Turns numbers into operations on what is there by now."""

    def __init__(self) -> None:
        self.now = START
        self.deliveries: list[str] = []
        self.jobs: list[str] = []
        self._events = [ids.join((START << 12) - at, at) for at in range(1, 4)]
        self._count = 0
        self._kinds: tuple[Callable[[Numbers], Op], ...] = (
            *(self._add, self._add, self._add, self._claim, self._claim, self._end, self._end, self._end, self._end),
            *(
                self._release,
                self._reclaim,
                self._resend,
                self._abandon,
                self._abandon,
                self._recover,
                self._purge,
                self._missed,
            ),
            *(
                self._put,
                self._mark,
                self._renew,
                self._delete,
                self._job,
                self._cancel,
                self._forget,
                self._prune,
                self._walk,
                self._resume,
            ),
        )
        self.stored: Mapping[str, Delivery] = {}
        """What is there, for leases to be met."""

    def dress(self, drawn: Numbers) -> Op:
        """The operation."""
        return self._kinds[drawn[0] % len(self._kinds)](drawn)

    def _id(self) -> str:
        self._count += 1
        return ids.join((START << 12) + self._count, self._count * 7919)

    def _lease(self, seconds: int) -> Lease:
        self._count += 1
        return Lease(token=self._count, worker="c", expires_at=self.now + seconds * 10)

    def _pick(self, number: int) -> str:
        """One of the newer deliveries, or often one that waits, or now and then an unknown one."""
        waiting = [one.id for one in self.stored.values() if one.status == "pending"][:4]
        recent = waiting if waiting and number % 3 == 1 else self.deliveries[-10:]
        return recent[number // 3 % len(recent)] if recent and number % 13 else self._id()

    def _job_id(self, number: int) -> str | None:
        recent = self.jobs[-2:]
        return recent[number % 2] if len(recent) > 1 and number % 3 else None

    def _delivery(self, d: Numbers, at: int, job_id: str | None) -> Delivery:
        _, subject, a, b = d
        sending = (a + at) % 5 == 0
        lease = self._lease(1)
        made = Delivery(
            id=self._id(),
            job_id=job_id,
            event="job.succeeded" if (b + at) % 2 else "order.placed",
            endpoint=(endpoint := ENDPOINTS[(subject + at * (a % 2)) % 3]),
            url=f"https://{'ab'[b % 2]}.example/{at}" if endpoint is None else None,
            tenant=("", "acme")[b % 2],
            event_id=(None, *self._events)[(a + b + at) % 4],
            order_key=ORDERS[(subject // 3 + at * (b % 3)) % 3],
            body=b"{}",
            epoch=a % 3,
            put_off=(a + b) % 4 == 0,
            created_at=self.now,
            status="sending" if sending else "held" if b % 11 == 10 else "pending",
            attempt=int(sending),
            next_at=self.now + 15 if a % 7 == 6 else None,
            lease_token=lease.token if sending else None,
            lease_expires_at=lease.expires_at if sending else None,
        )
        self.deliveries.append(made.id)
        return made

    def _several(self, d: Numbers, job_id: str | None) -> tuple[Delivery, ...]:
        made = tuple(self._delivery(d, at, job_id) for at in range(1 + d[3] % 4))
        return made[::-1] if d[2] % 11 == 10 else made  # now and then not in the order of ids

    def _add(self, d: Numbers) -> Op:
        return AppendEvents(now=self.now, events=(), deliveries=self._several(d, self._job_id(d[2])))

    def _missed(self, d: Numbers) -> Op:
        return AddMissed(now=self.now, deliveries=self._several(d, self._job_id(d[3])), dry_run=d[1] % 5 == 4)

    def _claim(self, d: Numbers) -> Op:
        return ClaimDeliveries(now=self.now, limit=d[1] % 5, lease=self._lease(d[2] % 3))

    def _leased(self, number: int) -> tuple[str, int]:
        leased = [one for one in self.stored.values() if one.lease_token is not None]
        if leased and number % 7:
            one = leased[number % len(leased)]
            return one.id, one.lease_token or 0
        return self._pick(number), max(self._count - number % 3, 0)

    def _end(self, d: Numbers) -> Op:
        delivery_id, token = self._leased(d[1])
        known = self.stored.get(delivery_id)
        number = 1 if known is None else known.attempt
        tried = DeliveryAttempt(
            delivery_id=delivery_id,
            number=number if d[3] % 9 else 1,
            started_at=self.now,
            duration=d[3],
            status=(200, 500, None)[d[2] % 3],
            error=(None, "http_500", "refused")[d[2] % 3],
            response=None,
        )
        return FinishDelivery(
            now=self.now,
            delivery_id=delivery_id,
            token=token,
            status=SETTLED[d[2] % 6],
            attempt=tried,
            next_at=(None, self.now + 12)[d[3] % 2],
            pass_on=d[3] % 3 == 0,
            deliveries=self._several(d, None) if d[3] % 5 == 4 else (),
        )

    def _release(self, d: Numbers) -> Op:
        delivery_id, token = self._leased(d[1])
        return ReleaseDelivery(
            now=self.now, delivery_id=delivery_id, token=token, next_at=(None, self.now + 9)[d[2] % 2]
        )

    def _reclaim(self, _: Numbers) -> Op:
        return ReclaimDeliveries(now=self.now)

    def _resend(self, d: Numbers) -> Op:
        return ResendDelivery(now=self.now, delivery_id=self._pick(d[1]))

    def _abandon(self, d: Numbers) -> Op:
        return AbandonDelivery(now=self.now, delivery_id=self._pick(d[1]))

    def _after(self, number: int) -> str | None:
        return None if number % 3 else self._pick(number)

    def _recover(self, d: Numbers) -> Op:
        _, subject, a, b = d
        until = None if b % 4 else START + 1
        since = (0, START, START + 1)[a % 3 if b % 5 == 0 else 0]
        return RecoverDeliveries(
            now=self.now,
            endpoint=ENDPOINTS[subject % 3],
            origin=(None, None, "https://a.example")[(a + subject) % 3],
            since=since,
            failed=subject % 5 != 4,
            waiting=subject % 3 != 0,
            until=until,
            after=self._after(a),
            limit=b % 6,
            dry_run=(a + b) % 7 == 0,
            only=DeliveryFilter(
                event=(None, None, "job.*", "order.placed")[b % 4],
                error=(None, None, None, "http_500", "refused")[(a + b) % 5],
            ),
        )

    def _resume(self, d: Numbers) -> Op:
        _, subject, a, b = d
        if subject % 3 == 2:
            origin = ("https://a.example", "https://b.example")[b % 2]
            return ResumeCallbacks(now=self.now, origin=origin, limit=a % 4, after=self._after(b))
        return ResumeDeliveries(now=self.now, endpoint="ef"[subject % 2], limit=a % 4)

    def _purge(self, d: Numbers) -> Op:
        _, subject, a, b = d
        until = START if b % 9 == 0 else None
        return PurgeDeliveries(
            now=self.now,
            endpoint=ENDPOINTS[subject % 3],
            origin=(None, None, "https://a.example")[(b + subject) % 3],
            statuses=PURGED[a % 5],
            until=until,
            after=self._after(b),
            limit=1 + a % 3,
            dry_run=(subject + b) % 7 == 0,
            only=DeliveryFilter(
                event=(None, None, None, "job.*", "order.placed")[(subject + b) % 5],
                error=(None, None, None, None, "http_500", "refused")[(a + b) % 6],
            ),
        )

    def _put(self, d: Numbers) -> Op:
        _, subject, a, b = d
        made = Endpoint(
            name="ef"[subject % 2],
            tenant=("", "acme")[a % 2],
            origin=("config", "http")[b % 2],
            spec=b"{}",
            epoch=b % 3,
            created_at=self.now,
            created_by="token:a",
            updated_at=self.now,
        )
        return PutEndpoint(now=self.now, endpoint=made, only_new=a % 3 == 0)

    def _mark(self, d: Numbers) -> Op:
        reason: DisabledReason | None = ("gone", "failing", None)[d[2] % 3]
        since = None if d[3] % 2 else self.now
        at = None if reason is None else self.now
        return MarkEndpoint(
            now=self.now, name="ef"[d[1] % 2], failing_since=since, disabled_at=at, disabled_reason=reason
        )

    def _renew(self, d: Numbers) -> Op:
        before, after = ((b"{}", b"\x01"), (b"\x01", b"\x01\x02"))[d[2] % 2]
        return ReplacePrivate(now=self.now, name="ef"[d[1] % 2], epoch=d[3] % 3, before=before, after=after)

    def _delete(self, d: Numbers) -> Op:
        return DeleteEndpoint(now=self.now, name="ef"[d[1] % 2])

    def _job(self, d: Numbers) -> Op:
        self.jobs.append(self._id())
        job = Job(
            id=self.jobs[-1],
            plugin="a",
            command="x",
            lane="a/x",
            args=b"{}",
            submitted_at=self.now,
            run_at=self.now,
            max_attempts=1 + d[1] % 2,
        )
        return Enqueue(now=self.now, job=job)

    def _cancel(self, d: Numbers) -> Op:
        job_id = self._job_id(d[1] + 1) or self._id()
        return Cancel(now=self.now, job_id=job_id, deliveries=self._several(d, job_id))

    def _forget(self, d: Numbers) -> Op:
        return DeleteJob(now=self.now, job_id=self._job_id(d[1]) or self._id())

    def _prune(self, d: Numbers) -> Op:
        return Prune(now=self.now, what="deliveries", before=self.now - d[1], limit=1 + d[2] % 3)

    def _walk(self, d: Numbers) -> Op:
        return PruneJobs(now=self.now, before={"cancelled": self.now - d[1] % 9}, limit=1 + d[2] % 3)
