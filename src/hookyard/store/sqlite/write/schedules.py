"""Schedules: rare, so one at a time."""

from collections.abc import Sequence

from hookyard.store.contract import (
    AppendEvents,
    DeleteSchedule,
    Done,
    Enqueue,
    Failed,
    Fired,
    FireSchedule,
    NotFound,
    Occupied,
    Otherwise,
    PauseSchedule,
    PutSchedule,
    Result,
    Stale,
)
from hookyard.store.rules import as_expected, as_told, fired
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec_kept import new_schedule
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.enqueue import enqueue
from hookyard.store.sqlite.write.tell import append_events

_SQL = statements.load("schedules")
_PUT, _DELETE, _PAUSE = _SQL["put_schedule"], _SQL["delete_schedule"], _SQL["pause_schedule"]
_DUE, _FIRED = _SQL["due_schedule"], _SQL["fired"]


def put(db: Db, ops: Sequence[PutSchedule]) -> list[Result]:
    """Keep schedules."""
    for op in ops:
        db.change(_PUT, new_schedule(op.schedule))
    return [Done() for _ in ops]


def delete(db: Db, ops: Sequence[DeleteSchedule]) -> list[Result]:
    """Forget schedules."""
    return [Done() if db.change(_DELETE, (op.name,)) else NotFound() for op in ops]


def pause(db: Db, ops: Sequence[PauseSchedule]) -> list[Result]:
    """Stop or go on."""
    return [_pause(db, op) for op in ops]


def _pause(db: Db, op: PauseSchedule) -> Result:
    if not db.change(_PAUSE, (op.paused, op.next_at, op.name)):
        return NotFound()
    if op.deliveries or op.events:
        append_events(db, (AppendEvents(now=op.now, events=op.events, deliveries=op.deliveries),))
    return Done()


def fire(db: Db, ops: Sequence[FireSchedule]) -> list[Result]:
    """Act on fire times."""
    return [_fire(db, op) for op in ops]


def _fire(db: Db, op: FireSchedule) -> Result:
    if db.row(_DUE, (op.name, op.fire_at)) is None:
        return Stale()
    enqueued = None if op.job is None else _enqueued(db, op, op.job)
    if isinstance(enqueued, (Occupied, Failed, Otherwise)):
        return enqueued
    outcome, made = fired(op.outcome, enqueued)
    db.change(_FIRED, (op.next_at, op.fire_at, outcome, made, made is not None, op.name))
    if (op.deliveries or op.events) and as_told(op, made):
        append_events(db, (AppendEvents(now=op.now, events=op.events, deliveries=op.deliveries),))
    return Fired(enqueued)


def _enqueued(db: Db, op: FireSchedule, job: Enqueue) -> Result:
    """What becomes of the job: nothing when that is not what is expected, since a queued one may have taken it in."""
    if op.expected is None:
        return enqueue(db, (job,))[0]
    with db.undoable() as undo:
        enqueued = enqueue(db, (job,))[0]
        if isinstance(enqueued, (Occupied, Failed)) or as_expected(op.expected, enqueued):
            return enqueued
        undo()
    return Otherwise(enqueued)
