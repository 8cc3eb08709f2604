"""Deliveries that people send again, give up and delete: rare, so one at a time, and a walk looks at so many rows."""

from collections.abc import Sequence
from typing import cast

from hookyard import ids
from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import (
    AbandonDelivery,
    AddMissed,
    DeliveriesMoved,
    Done,
    NotFound,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    Result,
    ResumeDeliveries,
    Stale,
)
from hookyard.store.rules import is_chosen, is_meant, is_of_tenant, is_recovered
from hookyard.store.spans import first_key
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_numbers, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write import orders
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("recovery")
_STANDING, _SEND_AGAIN, _ABANDON = _SQL["standing"], _SQL["send_again"], _SQL["abandon"]
_RECOVERABLE, _ALL_OF, _SOME_OF = _SQL["recoverable"], _SQL["all_of"], _SQL["some_of"]
_OF_TENANT, _FORGET, _TOLD = _SQL["of_tenant"], _SQL["forget"], _SQL["told"]
_RESUME = _SQL["resume"]
_NEWEST = 1 << 60
"""Greater than any key."""


def resend_delivery(db: Db, ops: Sequence[ResendDelivery]) -> list[Result]:
    """Send deliveries again."""
    return [_resend(db, op) for op in ops]


def _resend(db: Db, op: ResendDelivery) -> Result:
    status = _status(db, op.delivery_id)
    if status is None:
        return NotFound()
    if status == "sending":
        return Stale()
    _send_again(db, [numbers(op.delivery_id)[0]], op.now)
    return Done()


def abandon_delivery(db: Db, ops: Sequence[AbandonDelivery]) -> list[Result]:
    """Give deliveries up."""
    return [_abandon(db, op) for op in ops]


def _abandon(db: Db, op: AbandonDelivery) -> Result:
    status = _status(db, op.delivery_id)
    if status is None:
        return NotFound()
    if status not in {"pending", "held"}:
        return Stale()
    key, _ = numbers(op.delivery_id)
    db.change(_ABANDON, (op.now, key))
    if db.ordered and status == "pending":
        orders.advance(db, {key: op.now})
    return Done()


def recover_deliveries(db: Db, ops: Sequence[RecoverDeliveries]) -> list[Result]:
    """Send again what failed, and at once what waits."""
    return [_recover(db, op) for op in ops]


def _recover(db: Db, op: RecoverDeliveries) -> Result:
    walk = _walk(op, op.since)
    asked = {status for status, wanted in (("failed", op.failed), ("pending", op.waiting)) if wanted}
    if is_of_tenant(op):
        found = db.rows(_OF_TENANT, (op.tenant, *walk[1:]))
    else:
        found = db.rows(_RECOVERABLE, (*walk, op.waiting, op.failed))
    rows = cast("list[tuple[int, int, str, str | None, DeliveryStatus, str | None, int | None, str]]", found)
    ours = [row for row in rows if row[4] in asked and is_meant(op, row[2], row[3]) and is_chosen(op, row[7], row[5])]
    again = [key for key, *_, status, error, at, _ in ours if is_recovered(status, error, at, op.now)]
    if not op.dry_run:
        _send_again(db, again, op.now)
    return DeliveriesMoved(len(again), _next(op, [row[:2] for row in rows]))


def resume_deliveries(db: Db, ops: Sequence[ResumeDeliveries]) -> list[Result]:
    """Send now what was put off."""
    return [DeliveriesMoved(db.change(_RESUME, (op.now, op.endpoint, max(op.limit, 0))), None) for op in ops]


def purge_deliveries(db: Db, ops: Sequence[PurgeDeliveries]) -> list[Result]:
    """Delete deliveries."""
    return [_purge(db, op) for op in ops]


def _purge(db: Db, op: PurgeDeliveries) -> Result:
    asked = frozenset[str](op.statuses)
    if is_of_tenant(op):
        found = [row[:5] for row in db.rows(_OF_TENANT, (op.tenant, *_walk(op)[1:]))]
    elif "delivered" in asked:
        found = db.rows(_ALL_OF, _walk(op))
    else:
        found = db.rows(_SOME_OF, (*_walk(op), *(status in asked for status in ("pending", "held", "failed"))))
    rows = cast("list[tuple[int, int, str, str | None, DeliveryStatus]]", found)
    going = [(key, status) for key, _, whose, url, status in rows if status in asked and is_meant(op, whose, url)]
    gone = [key for key, _ in going]
    following = _next(op, [row[:2] for row in rows])
    if op.dry_run:
        return DeliveriesMoved(len(gone), following)
    first = [key for key, status in going if status == "pending"] if db.ordered else []
    behind = orders.orders_of(db, first)
    for start in range(0, len(gone), MOST):
        chunk = gone[start : start + MOST]
        db.change(_FORGET, chunk, len(chunk))
    orders.promote(db, dict.fromkeys(behind.values(), op.now))
    return DeliveriesMoved(len(gone), following)


def add_missed(db: Db, ops: Sequence[AddMissed]) -> list[Result]:
    """Keep deliveries of what was missed."""
    return [_add_missed(db, op) for op in ops]


def _add_missed(db: Db, op: AddMissed) -> Result:
    told: set[int] = set()
    for start in range(0, len(op.deliveries), MOST):
        chunk = op.deliveries[start : start + MOST]
        values = [value for at, one in enumerate(chunk, start) for value in (at, one.endpoint, *_told(one))]
        told.update(at for (at,) in cast("list[tuple[int]]", db.rows(_TOLD, values, len(chunk))))
    missed: list[Delivery] = []
    known: set[tuple[Value, ...]] = set()
    for at, one in enumerate(op.deliveries):
        what = (one.endpoint, *_told(one))
        if at in told or what in known:
            continue
        if one.event_id is not None or one.job_id is not None:
            known.add(what)
        missed.append(one)
    if not op.dry_run:
        orders.add_deliveries(db, missed)
    return DeliveriesMoved(len(missed), None)


def _told(one: Delivery) -> tuple[Value, ...]:
    """What says which event a delivery tells: the numbers of the event's id, or those of the job's with its name."""
    if one.event_id is not None:
        return (*new_numbers(one.event_id), None, None, None)
    return (None, None, *((None, None) if one.job_id is None else new_numbers(one.job_id)), one.event)


def _status(db: Db, delivery_id: str) -> DeliveryStatus | None:
    row = db.row(_STANDING, numbers(delivery_id))
    return None if row is None else cast("DeliveryStatus", row[0])


def _send_again(db: Db, keys: Sequence[int], now: int) -> None:
    for start in range(0, len(keys), MOST):
        chunk = keys[start : start + MOST]
        db.change(_SEND_AGAIN, (now, *chunk), len(chunk))


def _walk(op: RecoverDeliveries | PurgeDeliveries, since: int | None = None) -> tuple[Value, ...]:
    """The endpoint, the key before the first to look at, the one behind the last, and how many."""
    before = -1 if op.after is None else ids.key(op.after)
    if since is not None:
        before = max(before, min(first_key(since), _NEWEST) - 1)
    behind = _NEWEST if op.until is None else max(min(first_key(op.until), _NEWEST), 0)
    return (op.endpoint, before, behind, max(op.limit, 0))


def _next(op: RecoverDeliveries | PurgeDeliveries, rows: Sequence[tuple[int, int]]) -> str | None:
    return ids.join(*rows[-1]) if 0 < len(rows) == op.limit else None
