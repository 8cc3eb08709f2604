"""Leasing and settling outgoing deliveries."""

from msgspec.structs import replace

from hookyard.model import Delivery, DeliveryAttempt
from hookyard.store.contract import (
    INTERRUPTED,
    ClaimDeliveries,
    DeliveriesClaimed,
    Done,
    Failed,
    FinishDelivery,
    ReclaimDeliveries,
    ReleaseDelivery,
    Result,
    Stale,
    fitting,
)
from hookyard.store.memory.data import Data
from hookyard.store.memory.rows import due_at


def claim_deliveries(data: Data, op: ClaimDeliveries) -> Result:
    """Lease the deliveries that are due."""
    due = [(at, one.id) for one in data.deliveries.values() if (at := due_at(one)) is not None and at <= op.now]
    claimed: list[Delivery] = []
    picked = sorted(due)[: max(op.limit, 0)]
    fits = fitting([len(data.deliveries[delivery_id].body) for _, delivery_id in picked])
    for _, delivery_id in picked[:fits]:
        delivery = data.deliveries[delivery_id]
        if delivery.status == "sending":
            _interrupted(data, delivery, op.now)
        leased = data.deliveries[delivery_id] = replace(
            delivery,
            status="sending",
            attempt=delivery.attempt + 1,
            lease_token=op.lease.token,
            lease_expires_at=op.lease.expires_at,
        )
        claimed.append(leased)
    pending = [one.next_at for one in data.deliveries.values() if one.status == "pending" and one.next_at is not None]
    if fits < len(picked):
        pending.append(op.now)
    return DeliveriesClaimed(tuple(claimed), min(pending, default=None))


def finish_delivery(data: Data, op: FinishDelivery) -> Result:
    """Store how one attempt went."""
    delivery = _sending(data, op.delivery_id, op.token)
    if delivery is None:
        return Stale()
    tries = data.tries[delivery.id]
    if op.status in {"sending", "held"} or any(tried.number == op.attempt.number for tried in tries):
        return Failed("no end of an attempt, or one that has ended before")
    if problem := data.unusable_deliveries(op.deliveries) or data.told.unusable(op.events):
        return Failed(problem)
    tries.append(replace(op.attempt, delivery_id=delivery.id))
    tries.sort(key=lambda tried: tried.number)
    again = op.status == "pending"
    passed_on = again and op.pass_on
    data.deliveries[delivery.id] = replace(
        delivery,
        order_key=None if passed_on else delivery.order_key,
        status=op.status,
        next_at=(op.now if op.next_at is None else op.next_at) if again else None,
        put_off=False,
        lease_token=None,
        lease_expires_at=None,
        last_status=op.attempt.status,
        last_error=op.attempt.error,
        completed_at=None if again else op.now,
    )
    if passed_on or not again:
        data.gone(delivery, op.now)
    data.add_deliveries(op.deliveries)
    data.told.add(op.events, ())
    return Done()


def release_delivery(data: Data, op: ReleaseDelivery) -> Result:
    """Give a delivery back unsent."""
    delivery = _sending(data, op.delivery_id, op.token)
    if delivery is None:
        return Stale()
    at = op.now if op.next_at is None else op.next_at
    data.deliveries[delivery.id] = replace(
        delivery,
        status="pending",
        attempt=delivery.attempt - 1,
        next_at=at,
        put_off=at > op.now,
        lease_token=None,
        lease_expires_at=None,
    )
    return Done()


def reclaim_deliveries(data: Data, op: ReclaimDeliveries) -> Result:
    """Make every delivery that is being sent due again."""
    for delivery in data.deliveries.values():
        if delivery.status == "sending":
            _interrupted(data, delivery, op.now)
            data.deliveries[delivery.id] = replace(
                delivery, status="pending", next_at=op.now, lease_token=None, lease_expires_at=None
            )
    return Done()


def _interrupted(data: Data, delivery: Delivery, now: int) -> None:
    """Note the attempt of which nobody has written how it went."""
    tries = data.tries[delivery.id]
    if all(tried.number != delivery.attempt for tried in tries):
        tries.append(
            DeliveryAttempt(
                delivery_id=delivery.id,
                number=delivery.attempt,
                started_at=now,
                duration=0,
                status=None,
                error=INTERRUPTED,
                response=None,
            )
        )
        tries.sort(key=lambda tried: tried.number)


def _sending(data: Data, delivery_id: str, token: int) -> Delivery | None:
    delivery = data.deliveries.get(delivery_id)
    held = delivery is not None and delivery.status == "sending" and delivery.lease_token == token
    return delivery if held else None
