"""The life of deliveries."""

from hookyard.model import Delivery, DeliveryAttempt, DeliveryStatus
from hookyard.store.contract.base import Op, Result
from hookyard.store.contract.jobs import Lease


class DeliveriesClaimed(Result, frozen=True):
    """The deliveries now leased, the longest due first."""

    deliveries: tuple[Delivery, ...]
    next_due: int | None
    """The earliest `next_at` among the rest that is pending; not after `now` when some that are due were left out
    because of their size."""


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
