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
from hookyard.store.sqlite.codec import error_text, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import keyed
from hookyard.store.sqlite.write.db import FOREVER, Db

_SQL = statements.load("settle")
_HELD, _EXTEND, _CANCEL_REQUESTED = _SQL["held"], _SQL["extend"], _SQL["cancel_requested"]
_ADD_ATTEMPTS, _RELEASE = _SQL["add_attempts"], _SQL["release"]

_DONE, _STALE = Done(), Stale()

Held = tuple[int, int, int, int, int, str, str, str | None]
"""key, attempt, max_attempts, cancel_requested, started_at, worker, lane, concurrency_key."""


def extend(db: Db, ops: Sequence[Extend]) -> list[Result]:
    """Move the ends of these leases."""
    keys: list[int] = []
    values: list[Value] = []
    for op in ops:
        key, tail = numbers(op.job_id)
        keys.append(key)
        values += (key, tail, op.token, op.expires_at)
    renewed = set(keys) if db.change(_EXTEND, values, len(ops)) == len(ops) else held(db, ops).keys()
    cancelled = {row[0] for row in db.rows(_CANCEL_REQUESTED, keys, len(keys))}
    return [Extended(key in cancelled) if key in renewed else _STALE for key in keys]


def release(db: Db, ops: Sequence[Release]) -> list[Result]:
    """Give these jobs back to the queue."""
    found = held(db, ops)
    if db.keyed and any(row[7] is not None for row in found.values()):
        # What one frees another may want: one after the other.
        return [_release_keyed(db, op, found) for op in ops]
    return _release(db, ops, found)


def _release_keyed(db: Db, op: Release, found: dict[int, Held]) -> Result:
    key, _ = numbers(op.job_id)
    (result,) = _release(db, (op,), found)
    if isinstance(result, Done):
        lane, concurrency_key = found[key][6:]
        if keyed.freed(db, lane, concurrency_key, key):
            return Done((lane,))
    return result


def _release(db: Db, ops: Sequence[Release], found: dict[int, Held]) -> list[Result]:
    results: list[Result] = []
    attempts: list[tuple[Value, ...]] = []
    rows: list[tuple[Value, ...]] = []
    for op in ops:
        key, _ = numbers(op.job_id)
        row = found.get(key)
        if row is None:
            results.append(_STALE)
            continue
        _, attempt, max_attempts, cancel_requested, started_at, worker, lane, _ = row
        if cancel_requested:
            results.append(CancelPending())
        elif attempt >= max_attempts and not op.uncount:
            results.append(Failed("the attempts are used up"))
        else:
            error = error_text(op.error)
            if not op.uncount:
                attempts.append((key, attempt, op.outcome, worker, started_at, op.now, error))
            rows.append((key, op.reason, op.run_at, op.run_at <= op.now, op.uncount, error))
            db.depths.add(lane, 1)
            results.append(_DONE)
    db.change_many(_ADD_ATTEMPTS, attempts)
    db.change_many(_RELEASE, rows)
    return results


def held(db: Db, ops: Sequence[Extend | Finish | Release]) -> dict[int, Held]:
    """The jobs whose leases these operations hold."""
    values: list[Value] = []
    for op in ops:
        values += (*numbers(op.job_id), op.token, FOREVER if isinstance(op, Extend) else horizon(op))
    return {row[0]: row for row in cast("list[Held]", db.rows(_HELD, values, len(ops)))}


def horizon(op: Finish | Release) -> int:
    """The latest end that the lease may have for the operation to go through."""
    return op.now if op.if_expired else FOREVER
