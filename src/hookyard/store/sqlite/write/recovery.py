"""Deliveries that people send again, give up and delete: rare, so one at a time, and a walk looks at so many rows."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import cast

from hookyard import ids
from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import (
    RESUMED,
    AbandonDelivery,
    AddMissed,
    DeliveriesMoved,
    Done,
    NotFound,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    Result,
    ResumeCallbacks,
    ResumeDeliveries,
    Stale,
)
from hookyard.store.rules import is_meant, is_of_tenant, is_recovered, looked_at, page_of, resumed_of
from hookyard.store.spans import first_key
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_numbers, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write import orders
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("recovery")
_STANDING, _SEND_AGAIN, _ABANDON = _SQL["standing"], _SQL["send_again"], _SQL["abandon"]
_ALL_OF, _SOME_OF = _SQL["all_of"], _SQL["some_of"]
_ALL_OF_TENANT, _SOME_OF_TENANT = _SQL["all_of_tenant"], _SQL["some_of_tenant"]
_FORGET, _TOLD = _SQL["forget"], _SQL["told"]
_RESUME, _PUT_OFF, _MAKE_DUE = _SQL["resume"], _SQL["put_off"], _SQL["make_due"]
_PutOff = tuple[int, int, str | None]
"""Key, tail, URL."""
_Row = tuple[int, int, str, str | None, DeliveryStatus, str | None, int | None, str]
"""Key, tail, tenant, URL, status, last error, when it is due, event."""
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
    asked = {status for status, wanted in (("failed", op.failed), ("pending", op.waiting)) if wanted}
    found, last = page_of(op, _looked_at(db, op, asked, op.since), partial(_is_recovered, op, asked))
    again = [key for key, *_ in found]
    if not op.dry_run:
        _send_again(db, again, op.now)
    return DeliveriesMoved(len(again), _next(last))


def _is_recovered(op: RecoverDeliveries, asked: Collection[str], row: _Row) -> bool:
    _, _, whose, url, status, error, at, event = row
    ours = status in asked and is_meant(op, whose, url)
    return ours and op.only.matches(event, error) and is_recovered(status, error, at, op.now)


def resume_deliveries(db: Db, ops: Sequence[ResumeDeliveries]) -> list[Result]:
    """Send now what was put off for endpoints."""
    return [DeliveriesMoved(db.change(_RESUME, (op.now, op.endpoint, max(op.limit, 0))), None) for op in ops]


def resume_callbacks(db: Db, ops: Sequence[ResumeCallbacks]) -> list[Result]:
    """Send now what was put off for the callback URLs of origins."""
    return [_resume_callbacks(db, op) for op in ops]


def _resume_callbacks(db: Db, op: ResumeCallbacks) -> Result:
    if op.limit <= 0:
        return DeliveriesMoved(0, None)
    before = -1 if op.after is None else ids.key(op.after)
    looked = cast("list[_PutOff]", db.rows(_PUT_OFF, (before, RESUMED)))
    due, last = resumed_of(op, looked, lambda row: row[2])
    for start in range(0, len(due), MOST):
        chunk = [key for key, *_ in due[start : start + MOST]]
        db.change(_MAKE_DUE, (op.now, *chunk), len(chunk))
    return DeliveriesMoved(len(due), None if last is None else ids.join(last[0], last[1]))


def purge_deliveries(db: Db, ops: Sequence[PurgeDeliveries]) -> list[Result]:
    """Delete deliveries."""
    return [_purge(db, op) for op in ops]


def _purge(db: Db, op: PurgeDeliveries) -> Result:
    asked = frozenset[str](op.statuses)
    going, last = page_of(op, _looked_at(db, op, asked), partial(_is_purged, op, asked))
    gone, following = [key for key, *_ in going], _next(last)
    if op.dry_run:
        return DeliveriesMoved(len(gone), following)
    first = [key for key, *_, status, _, _, _ in going if status == "pending"] if db.ordered else []
    behind = orders.orders_of(db, first)
    for start in range(0, len(gone), MOST):
        chunk = gone[start : start + MOST]
        db.change(_FORGET, chunk, len(chunk))
    orders.promote(db, dict.fromkeys(behind.values(), op.now))
    return DeliveriesMoved(len(gone), following)


def _is_purged(op: PurgeDeliveries, asked: Collection[str], row: _Row) -> bool:
    _, _, whose, url, status, error, _, event = row
    return status in asked and is_meant(op, whose, url) and op.only.matches(event, error)


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


def _looked_at(
    db: Db, op: RecoverDeliveries | PurgeDeliveries, asked: Collection[str], since: int | None = None
) -> list[_Row]:
    """The rows of one page; in those of a tenant what is not for this endpoint has no status."""
    before = -1 if op.after is None else ids.key(op.after)
    if since is not None:
        before = max(before, min(first_key(since), _NEWEST) - 1)
    behind = _NEWEST if op.until is None else max(min(first_key(op.until), _NEWEST), 0)
    walk: tuple[Value, ...] = (before, behind, looked_at(op), op.endpoint)
    statuses = tuple(status in asked for status in ("pending", "held", "failed"))
    if is_of_tenant(op):
        every, some, walk = _ALL_OF_TENANT, _SOME_OF_TENANT, (*walk, op.tenant)
    else:
        every, some = _ALL_OF, _SOME_OF
    found = db.rows(every, walk) if "delivered" in asked else db.rows(some, (*walk, *statuses))
    return cast("list[_Row]", found)


def _next(last: _Row | None) -> str | None:
    return None if last is None else ids.join(*last[:2])
