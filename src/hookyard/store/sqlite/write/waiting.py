"""What the end of a job means for those that wait for it."""

from collections.abc import Sequence
from typing import cast

from hookyard.store.contract import Done
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import keyed
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("waiting")
_CONCERNED, _WAKE, _MET = _SQL["concerned"], _SQL["wake"], _SQL["met"]
_DOOM, _AWAITED = _SQL["doom"], _SQL["awaited"]

_DONE = Done()

Concerned = dict[int, tuple[str, str | None, bool]]
"""Job -> its lane and concurrency key, and whether jobs come after it."""


def concerned(db: Db, keys: Sequence[Value]) -> Concerned:
    """Those of these jobs whose end others may wait for; no question while nobody waits for anything."""
    if not (db.keyed or db.after):
        return {}
    rows = cast("list[tuple[int, str, str | None, int]]", db.rows(_CONCERNED, keys, len(keys)))
    return {row[0]: (row[1], row[2], row[3] == 1) for row in rows}


def ended(db: Db, job: tuple[int, int], known: tuple[str, str | None, bool], *, succeeded: bool, now: int) -> Done:
    """A job, by key and tail, ran and has ended: what that changes for others.

    Args:
        job: its row says already how it ended.
        known: what :func:`concerned` found.
        succeeded: whether it did.
        now: the time.
    """
    lane, concurrency_key, awaited = known
    lanes = {lane} if keyed.freed(db, lane, concurrency_key, job[0]) else set[str]()
    doomed = False
    if awaited and succeeded:
        lanes |= wake(db, job, now)
    elif awaited:
        doomed = doom(db, job)
    return Done(tuple(sorted(lanes)), doomed) if lanes or doomed else _DONE


def wake(db: Db, job: tuple[int, int], now: int) -> set[str]:
    """Let go what waited for this job alone; returns the lanes of that."""
    woken = db.rows(_WAKE, (*job, now))
    for lane, key in woken:
        keyed.touch(db, str(lane), key)
    db.change(_MET, job)
    return {str(lane) for lane, _ in woken}


def doom(db: Db, job: tuple[int, int]) -> bool:
    """Note that this job ended without success; returns whether queued jobs wait for it."""
    return db.change(_DOOM, (1, *job)) > 0 and db.row(_AWAITED, job) is not None


def undoom(db: Db, job: tuple[int, int]) -> None:
    """Note that this job is tried again."""
    if db.after:
        db.change(_DOOM, (0, *job))
