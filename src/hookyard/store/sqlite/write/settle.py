"""What the holder of a lease does with it: extend, finish, release."""

from collections.abc import Container, Sequence
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
from hookyard.store.sqlite.codec_told import new_event
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import FOREVER, Db
from hookyard.store.sqlite.write.deliver import ADD_DELIVERIES
from hookyard.store.sqlite.write.state import change_state

_SQL = statements.load("settle")
_HELD, _EXTEND, _CANCEL_REQUESTED = _SQL["held"], _SQL["extend"], _SQL["cancel_requested"]
_END_ATTEMPT, _ADD_ATTEMPTS = _SQL["end_attempt"], _SQL["add_attempts"]
_FINISH, _RELEASE = _SQL["finish"], _SQL["release"]
_ADD_EVENTS = statements.load("events")["add_events"]

_DONE, _STALE = Done(), Stale()

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
    return [Extended(key in cancelled) if key in held else _STALE for key in keys]


def finish(db: Db, ops: Sequence[Finish]) -> list[Result]:
    """End these jobs, with their attempts and all that comes with the end."""
    attempts: list[Value] = []
    jobs: list[Value] = []
    for op in ops:
        key, tail = numbers(op.job_id)
        now = op.now
        error = None if op.error is None else error_text(op.error)
        attempts += (key, tail, op.token, now if op.if_expired else FOREVER, op.outcome, now, error)
        jobs += (key, op.status, op.reason, op.result, error, now)
    ended = db.change(_END_ATTEMPT, attempts, len(ops))
    if ended < len(ops):
        return _finish_some(db, ops, _held(db, ops).keys())
    db.change(_FINISH, jobs, len(ops))
    _add(db, ops)
    return [_DONE] * len(ops)


def _add(db: Db, ops: Sequence[Finish]) -> None:
    """Write what comes with the ends of these jobs; most have nothing."""
    for op in ops:
        if op.deliveries or op.events or op.state:
            break
    else:
        return
    db.change_many(ADD_DELIVERIES, [new_delivery(one) for op in ops for one in op.deliveries])
    db.change_many(_ADD_EVENTS, [new_event(one) for op in ops for one in op.events])
    change_state(db, [change for op in ops for change in op.state])


def _finish_some(db: Db, ops: Sequence[Finish], held: Container[int]) -> list[Result]:
    """The rest of :func:`finish` when not all leases were still held; the attempts are written already."""
    results: list[Result] = []
    jobs: list[tuple[Value, ...]] = []
    ended: list[Finish] = []
    for op in ops:
        key, _ = numbers(op.job_id)
        results.append(_DONE if key in held else _STALE)
        if key in held:
            jobs.append((key, op.status, op.reason, op.result, error_text(op.error), op.now))
            ended.append(op)
    db.change_many(_FINISH, jobs)
    _add(db, ended)
    return results


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
            results.append(_STALE)
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
            results.append(_DONE)
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
