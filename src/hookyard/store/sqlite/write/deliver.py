"""Leasing and settling outgoing deliveries."""

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec.structs import replace

from hookyard.model import Delivery
from hookyard.store.contract import (
    AppendEvents,
    ClaimDeliveries,
    DeliveriesClaimed,
    Done,
    FinishDelivery,
    ReclaimDeliveries,
    ReleaseDelivery,
    Result,
    Stale,
    fitting,
)
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import DeliveryRow, delivery, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import orders
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.packed import inline, unpacked
from hookyard.store.sqlite.write.tell import append_events

_SQL = statements.load("deliver", columns_of="queries")
_PICK, _BODY = _SQL["pick_deliveries"], _SQL["body"]
_LEASE, _NEXT = _SQL["lease_deliveries"], _SQL["next_delivery"]
_HELD, _END_ATTEMPT = _SQL["held_deliveries"], _SQL["end_delivery_attempt"]
_FINISH, _RELEASE = _SQL["finish_delivery"], _SQL["release_delivery"]
_RECOVER = _SQL["reclaim_deliveries"]
_INTERRUPTED, _ALL_INTERRUPTED = _SQL["note_interrupted"], _SQL["note_all_interrupted"]

_Packed = tuple[
    int, int, int | None, int | None, str, str | None, str | None, int, str, int, int | None, int | None,
    int | None, int | None, str | None, int | None, str, str, int | None, int | None, str | None, int,
    int, int, str | None, int, int,
]  # fmt: skip
"""A delivery row as JSON: body as hexadecimal digits if it is short, its length, and when it was due."""

_packed = msgspec.json.Decoder(list[_Packed])


def claim_deliveries(db: Db, ops: Sequence[ClaimDeliveries]) -> list[Result]:
    """Lease the deliveries that are due."""
    return [_claim(db, op) for op in ops]


def _claim(db: Db, op: ClaimDeliveries) -> Result:
    limit = max(op.limit, 0)
    found = db.row(_PICK, (op.now, limit, inline(limit)))
    due = sorted(_packed.decode(cast("tuple[str]", found)[0]), key=lambda row: (row[26], row[0]))
    rows = due[: fitting([row[25] for row in due])]
    lease = op.lease
    for start in range(0, len(rows), statements.MOST):
        chunk = rows[start : start + statements.MOST]
        keys = [row[0] for row in chunk]
        if left := [row[0] for row in chunk if row[8] == "sending"]:
            db.change(_INTERRUPTED, [op.now, *left], len(left))
        db.change(_LEASE, [lease.token, lease.expires_at, *keys], len(keys))
    next_due = cast("tuple[int | None]", db.row(_NEXT, ()))[0]
    if len(rows) < len(due):
        # What a dead courier left behind is due too, but not pending.
        next_due = op.now if next_due is None else min(next_due, op.now)
    return DeliveriesClaimed(tuple(_leased(db, row, op) for row in rows), next_due)


def _leased(db: Db, row: _Packed, op: ClaimDeliveries) -> Delivery:
    """The delivery as it is once leased."""
    lease = op.lease
    return replace(
        delivery(cast("DeliveryRow", (*row[:24], unpacked(db, row[24], _BODY, row[0])))),
        status="sending",
        attempt=row[9] + 1,
        lease_token=lease.token,
        lease_expires_at=lease.expires_at,
    )


def finish_delivery(db: Db, ops: Sequence[FinishDelivery]) -> list[Result]:
    """Store how these attempts went."""
    results: dict[int, Result] = {}
    keys = [numbers(op.delivery_id) for op in ops]
    values: list[Value] = []
    for (key, tail), op in zip(keys, ops, strict=True):
        tried = op.attempt
        values += (key, tail, op.token, tried.number, tried.started_at, tried.duration, tried.status, tried.error)
        values.append(tried.response)
    ended = db.change(_END_ATTEMPT, values, len(ops))
    held = {key for key, _ in keys} if ended == len(ops) else _held(db, ops)
    values = []
    for (key, _), op in zip(keys, ops, strict=True):
        if key in held:
            # To hold one is no end of an attempt: the row's check refuses the one word as it should the other.
            values += (key, "sending" if op.status == "held" else op.status, *_after(op))
            results[key] = Done()
    if held:
        db.change(_FINISH, values, len(held))
        if db.ordered:
            _advance(db, [op for (key, _), op in zip(keys, ops, strict=True) if key in held])
        if told := [op for (key, _), op in zip(keys, ops, strict=True) if (op.events or op.deliveries) and key in held]:
            append_events(db, [AppendEvents(now=op.now, events=op.events, deliveries=op.deliveries) for op in told])
    return [results.get(key) or Stale() for key, _ in keys]


def _advance(db: Db, ops: Sequence[FinishDelivery]) -> None:
    """The turn of those that stood behind these in their orders."""
    gone = {numbers(op.delivery_id)[0]: op.now for op in ops if op.status != "pending" or op.pass_on}
    passed = [numbers(op.delivery_id)[0] for op in ops if op.status == "pending" and op.pass_on]
    orders.advance(db, gone, passed)


def _after(op: FinishDelivery) -> tuple[Value, ...]:
    """next_at, last_status, last_error, completed_at."""
    tried = op.attempt
    if op.status == "pending":
        return (op.now if op.next_at is None else op.next_at, tried.status, tried.error, None)
    return (None, tried.status, tried.error, op.now)


def release_delivery(db: Db, ops: Sequence[ReleaseDelivery]) -> list[Result]:
    """Give these deliveries back unsent."""
    held = _held(db, ops)
    values: list[Value] = []
    results: list[Result] = []
    for op in ops:
        key, _ = numbers(op.delivery_id)
        if key in held:
            at = op.now if op.next_at is None else op.next_at
            values += (key, at, at > op.now)
        results.append(Done() if key in held else Stale())
    if held:
        db.change(_RELEASE, values, len(held))
    return results


def reclaim_deliveries(db: Db, ops: Sequence[ReclaimDeliveries]) -> list[Result]:
    """Make every delivery that is being sent due again."""
    for op in ops:
        db.change(_ALL_INTERRUPTED, (op.now,))
        db.change(_RECOVER, (op.now,))
    return [Done() for _ in ops]


def _held(db: Db, ops: Sequence[FinishDelivery | ReleaseDelivery]) -> set[int]:
    values: list[Value] = []
    for op in ops:
        values += (*numbers(op.delivery_id), op.token)
    return {row[0] for row in cast("list[tuple[int]]", db.rows(_HELD, values, len(ops)))}
