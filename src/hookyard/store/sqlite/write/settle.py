"""What the holder of a lease does with it: extend, finish, release."""

from collections.abc import Sequence
from typing import cast

from hookyard.store.contract import (
    CancelPending,
    Done,
    Extend,
    Extended,
    Failed,
    Finish,
    Release,
    Result,
    Stale,
)
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import error_text, new_delivery, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import FOREVER, Db
from hookyard.store.sqlite.write.deliver import ADD_DELIVERIES

_SQL = statements.load("settle")
_HELD, _EXTEND, _CANCEL_REQUESTED = _SQL["held"], _SQL["extend"], _SQL["cancel_requested"]
_END_ATTEMPT, _ADD_ATTEMPTS = _SQL["end_attempt"], _SQL["add_attempts"]
_FINISH, _RELEASE = _SQL["finish"], _SQL["release"]

_Held = tuple[int, int, int, int, int, str]
"""key, attempt, max_attempts, cancel_requested, started_at, worker."""


def extend(db: Db, ops: Sequence[Extend]) -> list[Result]:
    """Move the ends of these leases."""
    keys: list[int] = []
    values: list[Value] = []
    for op in ops:
        key, tail = numbers(op.job_id)
        keys.append(key)
        values += (key, tail, op.token, op.expires_at)
    held = set(keys) if db.change(_EXTEND, values, len(ops)) == len(ops) else _held(db, ops).keys()
    cancelled = {row[0] for row in db.rows(_CANCEL_REQUESTED, keys, len(keys))}
    return [Extended(key in cancelled) if key in held else Stale() for key in keys]


def finish(db: Db, ops: Sequence[Finish]) -> list[Result]:
    """End these jobs, with their attempts and deliveries."""
    keys: list[int] = []
    values: list[Value] = []
    for op in ops:
        key, tail = numbers(op.job_id)
        keys.append(key)
        values += (key, tail, op.token, _horizon(op), op.outcome, op.now, error_text(op.error))
    ended = db.change(_END_ATTEMPT, values, len(ops))
    if not ended:
        return [Stale() for _ in ops]
    held = set(keys) if ended == len(ops) else _held(db, ops).keys()
    values = []
    for key, op in zip(keys, ops, strict=True):
        if key in held:
            values += (key, op.status, op.reason, op.result, error_text(op.error), op.now)
    db.change(_FINISH, values, ended)
    db.change_many(
        ADD_DELIVERIES,
        [
            new_delivery(delivery)
            for key, op in zip(keys, ops, strict=True)
            if op.deliveries and key in held
            for delivery in op.deliveries
        ],
    )
    return [Done() if key in held else Stale() for key in keys]


def release(db: Db, ops: Sequence[Release]) -> list[Result]:
    """Give these jobs back to the queue."""
    held = _held(db, ops)
    results: list[Result] = []
    attempts: list[tuple[Value, ...]] = []
    rows: list[tuple[Value, ...]] = []
    for op in ops:
        key, _ = numbers(op.job_id)
        row = held.get(key)
        if row is None:
            results.append(Stale())
            continue
        _, attempt, max_attempts, cancel_requested, started_at, worker = row
        if cancel_requested:
            results.append(CancelPending())
        elif attempt >= max_attempts and not op.uncount:
            results.append(Failed("the attempts are used up"))
        else:
            error = error_text(op.error)
            if not op.uncount:
                attempts.append((key, attempt, op.outcome, worker, started_at, op.now, error))
            rows.append((key, op.reason, op.run_at, op.run_at <= op.now, op.uncount, error))
            results.append(Done())
    db.change_many(_ADD_ATTEMPTS, attempts)
    db.change_many(_RELEASE, rows)
    return results


def _held(db: Db, ops: Sequence[Extend | Finish | Release]) -> dict[int, _Held]:
    values: list[Value] = []
    for op in ops:
        values += (*numbers(op.job_id), op.token, FOREVER if isinstance(op, Extend) else _horizon(op))
    return {row[0]: row for row in cast("list[_Held]", db.rows(_HELD, values, len(ops)))}


def _horizon(op: Finish | Release) -> int:
    return op.now if op.if_expired else FOREVER
