"""Deliveries that people send again, give up and delete."""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import Delivery
from hookyard.store.contract import (
    RESUMED,
    AbandonDelivery,
    AddMissed,
    DeliveriesMoved,
    Done,
    Failed,
    NotFound,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    Result,
    ResumeCallbacks,
    ResumeDeliveries,
    Stale,
)
from hookyard.store.memory.data import Data
from hookyard.store.rules import (
    is_meant,
    is_of_tenant,
    is_open,
    is_recovered,
    looked_at,
    page_of,
    resumed_of,
    sent_again,
)
from hookyard.store.spans import in_span


def resend_delivery(data: Data, op: ResendDelivery) -> Result:
    """Send a delivery again."""
    delivery = data.deliveries.get(op.delivery_id)
    if delivery is None:
        return NotFound()
    if delivery.status == "sending":
        return Stale()
    data.deliveries[delivery.id] = sent_again(delivery, op.now)
    return Done()


def abandon_delivery(data: Data, op: AbandonDelivery) -> Result:
    """Give a delivery up."""
    delivery = data.deliveries.get(op.delivery_id)
    if delivery is None:
        return NotFound()
    if delivery.status == "sending" or not is_open(delivery):
        return Stale()
    data.deliveries[delivery.id] = replace(
        delivery, status="failed", last_error="abandoned", next_at=None, completed_at=op.now
    )
    if delivery.status == "pending":
        data.gone(delivery, op.now)
    return Done()


def recover_deliveries(data: Data, op: RecoverDeliveries) -> Result:
    """Send again what failed, and at once what waits."""
    asked = {status for status, wanted in (("failed", op.failed), ("pending", op.waiting)) if wanted}

    def wanted(one: Delivery) -> bool:
        due = is_recovered(one.status, one.last_error, one.next_at, op.now)
        return due and op.only.matches(one.event, one.last_error)

    again, following = _walk(data, op, asked, wanted)
    for one in () if op.dry_run else again:
        data.deliveries[one.id] = sent_again(one, op.now)
    return DeliveriesMoved(len(again), following)


def resume_deliveries(data: Data, op: ResumeDeliveries) -> Result:
    """Send now what was put off for an endpoint."""
    due = _put_off(data, op.endpoint)[: max(op.limit, 0)]
    _make_due(data, due, op.now)
    return DeliveriesMoved(len(due), None)


def resume_callbacks(data: Data, op: ResumeCallbacks) -> Result:
    """Send now what was put off for the callback URLs of an origin."""
    if op.limit <= 0:
        return DeliveriesMoved(0, None)
    before = -1 if op.after is None else ids.key(op.after)
    looked = [one for one in _put_off(data, None) if ids.key(one.id) > before][:RESUMED]
    due, last = resumed_of(op, looked, lambda one: one.url)
    _make_due(data, due, op.now)
    return DeliveriesMoved(len(due), None if last is None else last.id)


def _put_off(data: Data, endpoint: str | None) -> list[Delivery]:
    own = (one for one in data.deliveries.values() if one.endpoint == endpoint)
    return sorted((one for one in own if one.put_off and one.status == "pending"), key=lambda one: one.id)


def _make_due(data: Data, deliveries: Collection[Delivery], now: int) -> None:
    for one in deliveries:
        data.deliveries[one.id] = replace(one, next_at=now, put_off=False)


def purge_deliveries(data: Data, op: PurgeDeliveries) -> Result:
    """Delete deliveries."""
    gone, following = _walk(data, op, op.statuses, lambda one: op.only.matches(one.event, one.last_error))
    if op.dry_run:
        return DeliveriesMoved(len(gone), following)
    for one in gone:
        data.forget_delivery(one.id)
    for one in gone:
        if one.status == "pending":
            data.gone(one, op.now)
    return DeliveriesMoved(len(gone), following)


def add_missed(data: Data, op: AddMissed) -> Result:
    """Keep deliveries of what was missed."""
    told = {_told(one) for one in data.deliveries.values()}
    missed: list[Delivery] = []
    for one in op.deliveries:
        what = _told(one)
        if what is None or what not in told:
            told.add(what)
            missed.append(one)
    if op.dry_run:
        return DeliveriesMoved(len(missed), None)
    if problem := data.unusable_deliveries(missed):
        return Failed(problem)
    data.add_deliveries(missed)
    return DeliveriesMoved(len(missed), None)


def _told(delivery: Delivery) -> tuple[str | None, ...] | None:
    """Which event a delivery tells whom; None when nothing says which."""
    if delivery.event_id is not None:
        return (delivery.endpoint, delivery.event_id)
    return None if delivery.job_id is None else (delivery.endpoint, delivery.job_id, delivery.event)


def _walk(
    data: Data,
    op: RecoverDeliveries | PurgeDeliveries,
    asked: Collection[str],
    wanted: Callable[[Delivery], bool],
) -> tuple[list[Delivery], str | None]:
    """What is wanted of what is looked at, and the id to go on after."""
    since = op.since if isinstance(op, RecoverDeliveries) else None
    after = -1 if op.after is None else ids.key(op.after)

    def is_looked_at(one: Delivery) -> bool:
        there = one.tenant == op.tenant if is_of_tenant(op) else one.endpoint == op.endpoint
        return there and ("delivered" in asked or one.status in asked)

    def is_wanted(one: Delivery) -> bool:
        ours = one.endpoint == op.endpoint and one.status in asked and is_meant(op, one.tenant, one.url)
        return ours and wanted(one)

    every = (one for one in data.deliveries.values() if is_looked_at(one) and in_span(one.id, since, op.until))
    rows = sorted((one for one in every if ids.key(one.id) > after), key=lambda one: one.id)
    found, last = page_of(op, rows[: looked_at(op)], is_wanted)
    return found, None if last is None else last.id
