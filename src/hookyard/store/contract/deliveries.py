"""The life of deliveries.

A delivery with an `order_key` is in an order with those of its endpoint that have the same key; without an endpoint it
is in one with others that have none. Whatever operation adds it, the store keeps it as `held` while another one of its
order is open: `pending`, `held` or `sending`; several that are added together are taken in the order given. So exactly
one of an order that has open ones is pending or being sent: when that one ends, is deleted, or is passed
(`FinishDelivery.pass_on`), the one with the smallest id becomes `pending`, due at that `now`. One that comes as
`sending` and is held loses its lease: who sends it finds it stale. One that comes as `held` with nothing before it is
pending.

Deliveries that are open keep their job: none of them is deleted with it (I11).
"""

from fnmatch import fnmatchcase
from typing import Final, Literal

from msgspec import Struct

from hookyard.model import Delivery, DeliveryAttempt, DeliveryStatus, Event
from hookyard.store.contract.base import Op, Result
from hookyard.store.contract.jobs import Lease


class DeliveriesClaimed(Result, frozen=True):
    """The deliveries now leased, the longest due first."""

    deliveries: tuple[Delivery, ...]
    next_due: int | None
    """The earliest `next_at` among the rest that is pending; not after `now` when some that are due were left out
    because of their size."""


INTERRUPTED: Final = "interrupted"
"""The error of an attempt that nobody finished: whether the receiver got it is not known."""


class ClaimDeliveries(Op, frozen=True, kw_only=True):
    """Lease the deliveries that are due -> DeliveriesClaimed.

    Due is `pending` with `next_at <= now`, or `sending` with a lease that has ended: a courier died, and the delivery
    is sent again under the same id, and the attempt of which it did not write how it went is noted as
    :data:`INTERRUPTED`, begun and ended at this `now`. The attempt number goes up by one. The longest due comes first,
    then the order of ids. The bodies of all together are at most :data:`CLAIM_BYTES`, but one comes whatever its size.
    """

    limit: int
    lease: Lease


class FinishDelivery(Op, frozen=True, kw_only=True):
    """Store how one attempt went -> Done | Stale | Failed.

    `delivered` and `failed` are final; `pending` comes back at `next_at`, or at once without one. Failed when the
    status is `sending` or `held`, or the attempt's number, or an id of what tells of it, is in use.
    """

    delivery_id: str
    token: int
    status: DeliveryStatus
    attempt: DeliveryAttempt
    next_at: int | None = None
    pass_on: bool = False
    """Of one that comes back: it leaves its order (its `order_key` is None from now on), and the next one's turn comes.
    """
    events: tuple[Event, ...] = ()
    """What tells of its end, kept in the one transaction with it; nothing of it unless this is Done."""
    deliveries: tuple[Delivery, ...] = ()
    """Of those events."""


class ReleaseDelivery(Op, frozen=True, kw_only=True):
    """Give a delivery back unsent -> Done | Stale. The attempt number goes down by one.

    At a drain, and when its receiver cannot be sent to for now.
    """

    delivery_id: str
    token: int
    next_at: int | None = None
    """When it is due again; None: at once. With a time after `now` it is `put_off`, which
    :class:`ResumeDeliveries` and :class:`ResumeCallbacks` end earlier."""


class ReclaimDeliveries(Op, frozen=True, kw_only=True):
    """Make every delivery that is being sent due again -> Done.

    For a store that one process uses alone, at its start: whoever was sending is dead, and no lease needs waiting for.
    Their attempt counts, as a crash does, and is noted as :data:`INTERRUPTED`.
    """


class ResendDelivery(Op, frozen=True, kw_only=True):
    """Send a delivery again -> Done | NotFound | Stale.

    One that has ended is `pending` once more, under its id, and its schedule begins anew (`round_start` becomes
    `attempt`); with an order it is put in no order any more. One that is pending is due at once; a held one leaves its
    order. Stale when it is being sent at this moment.
    """

    delivery_id: str


class AbandonDelivery(Op, frozen=True, kw_only=True):
    """End a delivery that is pending or held as `failed`, with `last_error` `abandoned` -> Done | NotFound | Stale.

    Stale when it is being sent at this moment, or has ended.
    """

    delivery_id: str


class ResumeDeliveries(Op, frozen=True, kw_only=True):
    """Make due what is put off for an endpoint -> DeliveriesMoved, `next` None.

    Those that are pending and `put_off`, the oldest first; they are due now and put off no longer. What waits for its
    own time, after an attempt that failed, goes on waiting.
    """

    endpoint: str
    limit: int
    """So many at most; when fewer were changed there are no more."""


RESUMED: Final = 500
"""So many rows one :class:`ResumeCallbacks` looks at, at most."""


class ResumeCallbacks(Op, frozen=True, kw_only=True):
    """Make due what is put off for the callback URLs of one origin -> DeliveriesMoved.

    As :class:`ResumeDeliveries` for an endpoint. But what is put off for the callback URLs of all origins lies
    together, in the order of ids, so this is one page of a walk through it, which ends after `limit` that are of this
    origin or :data:`RESUMED` rows of any. Then `next` is the id of the last row that was looked at, for `after` of the
    next page; None: nothing lies behind this page.
    """

    origin: str
    """As :func:`hookyard.store.origins.origin_of` says it."""
    limit: int
    """So many of this origin at most; with 0 nothing is looked at, and `next` is None."""
    after: str | None = None
    """Look only at rows with a greater id; None: from the first."""


NEVER_AGAIN: Final = frozenset({"abandoned", "too_large"})
"""The errors of those that no recovery sends again: somebody gave them up, or their bodies do not say what happened."""


def is_glob(pattern: str) -> bool:
    """Whether it may take more than the one type that it spells."""
    return any(sign in pattern for sign in "*?[")


def matches_type(pattern: str, event: str) -> bool:
    """Whether an event is of this type, or of one that this glob takes: with `*`, `?` and `[...]`, case and all."""
    return fnmatchcase(event, pattern)


class DeliveryFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which deliveries are meant, besides where they go and when they were made: all, if nothing is said."""

    event: str | None = None
    """Only those of this event, or with a glob of those that it takes."""
    error: str | None = None
    """Only those with this last error; what was never sent has none."""

    def matches(self, event: str, error: str | None) -> bool:
        """Whether one of this event and with this last error is meant."""
        return self.error in {None, error} and (self.event is None or matches_type(self.event, event))


ANY_DELIVERY: Final = DeliveryFilter()


class RecoverDeliveries(Op, frozen=True, kw_only=True):
    """Send again what failed for good for one endpoint, or for callback URLs, and what waits -> DeliveriesMoved.

    Those made at `since` or later and before `until`, by the time that their ids hold, as :class:`ResendDelivery` does
    with each; in the order of ids, so many that are so at most being looked at. Of those that failed not those of
    :data:`NEVER_AGAIN`; of those that wait only those due after `now`, so that nothing is put off by it.
    """

    endpoint: str | None
    """None: those to callback URLs."""
    since: int = 0
    failed: bool = True
    """Those that failed."""
    waiting: bool = False
    """Those that are pending: they are due at once, and their schedule goes on."""
    until: int | None = None
    after: str | None = None
    """Only those with a greater id: the cursor."""
    limit: int = 500
    dry_run: bool = False
    """Change none, and only count those that would be."""
    tenant: str | None = None
    """Only those of this tenant: the name may have been another's, and callback URLs are everybody's. What is looked
    at is all that the tenant has with such a status, 20 times `limit` rows of it or until `limit` are found, so that
    the pages tell nothing of what others have."""
    origin: str | None = None
    """Only those to callback URLs of this origin, though others are looked at: see :mod:`hookyard.store.origins`."""
    only: DeliveryFilter = ANY_DELIVERY
    """Only these, though others are looked at."""


class PurgeDeliveries(Op, frozen=True, kw_only=True):
    """Delete deliveries of one endpoint, or those to callback URLs, with their attempts -> DeliveriesMoved.

    Never one that is being sent. In the order of ids, so many at most being looked at: of all of the endpoint's when
    delivered ones are wanted, otherwise of those with a status that is.
    """

    endpoint: str | None
    """None: those to callback URLs."""
    statuses: tuple[Literal["pending", "held", "delivered", "failed"], ...]
    until: int | None = None
    """Only those made before this time, by the time that their ids hold."""
    after: str | None = None
    limit: int = 500
    dry_run: bool = False
    """Delete none, and only count those that would be."""
    tenant: str | None = None
    """Only those of this tenant, as of :class:`RecoverDeliveries`."""
    origin: str | None = None
    """Likewise."""
    only: DeliveryFilter = ANY_DELIVERY
    """Likewise."""


class AddMissed(Op, frozen=True, kw_only=True):
    """Keep deliveries, each unless its endpoint has one of the same event already -> DeliveriesMoved, `next` None.

    The same event is the same `event_id` where there is one, otherwise the same `job_id` and `event`; of what has
    neither nothing says that it is. Failed when an id is in use.
    """

    deliveries: tuple[Delivery, ...]
    dry_run: bool = False
    """Keep none, and only count those that would be; an id in use is nothing to this."""


class DeliveriesMoved(Result, frozen=True):
    """So many were changed."""

    count: int
    next: str | None
    """The id to go on after; None when all were looked at."""
