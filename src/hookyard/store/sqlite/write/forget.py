"""Forgetting what is no longer needed."""

from collections.abc import Sequence
from typing import cast

from hookyard import ids
from hookyard.model import TERMINAL, JobStatus, TerminalStatus
from hookyard.store.contract import (
    ROW_BYTES,
    Deleted,
    DeleteJob,
    JobsPruned,
    NotFound,
    Prune,
    Pruned,
    PruneJobs,
    Result,
    StillActive,
    Undelivered,
)
from hookyard.store.spans import first_key
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("forget")
_KEYS, _EVENTS, _DELIVERIES = _SQL["forget_keys"], _SQL["forget_events"], _SQL["forget_deliveries"]
_AUDIT, _TOKENS = (statements.load("access")[name] for name in ("forget_audit", "forget_tokens"))
_WORKERS = statements.load("lanes")["forget_workers"]
_WALK, _ENDED, _LOCATIONS, _JOBS = _SQL["walk"], _SQL["ended"], _SQL["locations"], _SQL["forget_jobs"]
_LINES, _ITEMS, _FIRST_ITEMS, _TALLY = (
    _SQL["forget_lines"],
    _SQL["forget_items"],
    _SQL["first_items"],
    _SQL["tell_tally"],
)

_Walked = tuple[int, int, JobStatus, int | None, int, int, int, int, int]
"""Key, tail, status and end of a job, whether something of it is to be delivered, whether a job waits for it, its lines
and its items, and the bytes of its bodies."""


def prune(db: Db, ops: Sequence[Prune]) -> list[Result]:
    """Forget rows of one kind."""
    return [Pruned(_prune(db, op)) for op in ops]


def _prune(db: Db, op: Prune) -> int:
    limit = max(op.limit, 0)
    if op.what == "keys":
        return db.change(_KEYS, (op.now, limit))
    if op.before is None:
        return 0
    if op.what == "events":
        return db.change(_EVENTS, (first_key(op.before), limit))
    if op.what == "audit":
        return db.change(_AUDIT, (first_key(op.before), limit))
    forget = {"deliveries": _DELIVERIES, "workers": _WORKERS, "tokens": _TOKENS}[op.what]
    return db.change(forget, (op.before, limit))


def delete_job(db: Db, ops: Sequence[DeleteJob]) -> list[Result]:
    """Forget jobs."""
    return [_delete(db, op) for op in ops]


def _delete(db: Db, op: DeleteJob) -> Result:
    key, tail = numbers(op.job_id)
    row = db.row(_ENDED, (key, tail))
    if row is None:
        return NotFound()
    status, undelivered = cast("tuple[JobStatus, int]", row)
    if status not in TERMINAL:
        return StillActive(status)
    return Undelivered() if undelivered else Deleted(tuple(_forget(db, [key])))


def prune_jobs(db: Db, ops: Sequence[PruneJobs]) -> list[Result]:
    """Walk the history."""
    return [_walk(db, op) for op in ops]


def _walk(db: Db, op: PruneJobs) -> Result:
    start = -1 if op.after is None else ids.key(op.after)
    limit = max(op.limit, 0)
    walk = cast("list[_Walked]", db.rows(_WALK, (start, limit)))
    over: list[int] = []
    room = max(op.rows, 0)
    for seen, (key, _, status, completed_at, undelivered, awaited, lines, items, size) in enumerate(walk):
        before = op.before.get(cast("TerminalStatus", status)) if status in TERMINAL else None
        if before is None or undelivered or awaited or cast("int", completed_at) >= before:
            continue
        if lines + items > room:
            _thin(db, key, max(room, 0))
            return JobsPruned(len(over), seen, ids.join(key - 1, 0), tuple(_forget(db, over)))
        room -= lines + items + size // ROW_BYTES
        over.append(key)
    last = ids.join(*walk[-1][:2]) if 0 < len(walk) == limit else None
    return JobsPruned(len(over), len(walk), last, tuple(_forget(db, over)))


def _thin(db: Db, key: int, rows: int) -> None:
    """Forget so many lines and items of a job that has more."""
    gone = db.change(_LINES, (key, rows))
    found = cast("list[tuple[str, int, str]]", db.rows(_FIRST_ITEMS, (key, rows - gone)))
    if found:
        fewer = {status: count for status, count, _ in found}
        db.change(_ITEMS, (key, max(name for _, _, name in found)))
        db.change(_TALLY, (fewer.get("done", 0), fewer.get("failed", 0), key))


def _forget(db: Db, keys: Sequence[Value]) -> list[str]:
    """Forget jobs with what belongs to them; returns where the content of their artifacts is."""
    locations: list[str] = []
    for start in range(0, len(keys), statements.MOST):
        chunk = keys[start : start + statements.MOST]
        locations += [cast("str", location) for (location,) in db.rows(_LOCATIONS, chunk, len(chunk))]
        db.change(_JOBS, chunk, len(chunk))
    return locations
