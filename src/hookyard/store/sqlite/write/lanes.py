"""Lanes that stand still, and workers that call in: rare, so one at a time."""

from collections.abc import Sequence

from hookyard.store.contract import Done, NotFound, PauseLane, PutWorker, Result, ResumeLane, Stale
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec_kept import new_worker
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("lanes")
_PAUSE, _RESUME, _WORKER = _SQL["pause"], _SQL["resume"], _SQL["put_worker"]


def pause(db: Db, ops: Sequence[PauseLane]) -> list[Result]:
    """Note that lanes stand still."""
    asked = [(op.pause.lane, op.pause.since, op.pause.by, op.pause.reason) for op in ops]
    return [Done() if db.change(_PAUSE, one) else Stale() for one in asked]


def resume(db: Db, ops: Sequence[ResumeLane]) -> list[Result]:
    """Forget that."""
    return [Done() if db.change(_RESUME, (op.lane,)) else NotFound() for op in ops]


def put_worker(db: Db, ops: Sequence[PutWorker]) -> list[Result]:
    """Keep what is known of workers."""
    for op in ops:
        db.change(_WORKER, new_worker(op.worker))
    return [Done() for _ in ops]
