"""Concurrency keys: which of their due jobs are in the queue, and which are held back from it.

Of the jobs of one lane and key only so many may run. That a claim need not walk through a backlog of those that may
not, they are held (`ready` 2) instead of being in the queue (`ready` 1). The rule that makes the two states one to
whoever claims:

    A job is held only while as many as its limit run under its key, or are in the queue before it in its own group:
    of the same limit, tenant and affinity.

Claims take the jobs of a group in order, whatever they look for. So when one comes to where a held job would stand,
either those before it are taken and the key is full, or one of them was passed over because it is full. And as a
limit is at least one, no job is held under an idle key: something of it runs or is in the queue.

New in the queue, or due, a job with a key is held first and then looked at like all others; so is every key of which
something runs no more, or leaves the queue.
"""

from collections.abc import Iterable
from typing import cast

from hookyard.store.sqlite import statements
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("waiting")
_LOOK, _LET_GO, _HOLD, _RUNNING = _SQL["look"], _SQL["let_go"], _SQL["hold"], _SQL["running_of_keys"]
_KEYED_DUE, _FREED = _SQL["keyed_due"], _SQL["freed"]

Key = tuple[str, str]
"""A lane and a concurrency key of it."""

_First = tuple[str, str, int, str, int, int, int]
"""lane, concurrency_key, key, group, limit, how many run, how many of the group are in the queue before it."""


def touch(db: Db, lane: str, concurrency_key: Value) -> None:
    """Have the held jobs of this key looked at, if it is one."""
    if concurrency_key is not None:
        db.keyed = True
        db.touched[lane, str(concurrency_key)] = None


def let_go(db: Db) -> None:
    """Put those held jobs into the queue that the rule does not hold any more."""
    todo: dict[Key, str] = dict.fromkeys(db.touched, "")
    db.touched.clear()
    while todo:
        following: dict[Key, str] = {}
        free: list[Value] = []
        for start in range(0, len(todo), MOST):
            chunk = list(todo)[start : start + MOST]
            values = [value for key in chunk for value in (*key, todo[key])]
            for row in cast("list[_First]", db.rows(_LOOK, values, len(chunk))):
                lane, concurrency_key, first, group, limit, running, before = row
                key = (lane, concurrency_key)
                if running + before < limit:
                    free.append(first)
                    following[key] = todo[key]  # there may be room for more of the same group
                else:
                    following[key] = group
        db.change_many(_LET_GO, [(key,) for key in free])
        todo = following


def hold(db: Db, keys: Iterable[int]) -> None:
    """Take these jobs, which a claim has passed over, out of the queue."""
    db.change_many(_HOLD, [(key,) for key in keys])


def touch_due(db: Db, lanes: Iterable[str], now: int) -> None:
    """The same as :func:`touch` for what has become due in these lanes."""
    asked = list(lanes)
    for lane, key in db.rows(_KEYED_DUE, [*asked, now], len(asked)):
        touch(db, str(lane), key)


def running(db: Db, keys: Iterable[Key]) -> dict[Key, int]:
    """How many run under each of these keys."""
    found: dict[Key, int] = {}
    asked = list(dict.fromkeys(keys))
    for start in range(0, len(asked), MOST):
        chunk = asked[start : start + MOST]
        rows = db.rows(_RUNNING, [value for key in chunk for value in key], len(chunk))
        found |= {(lane, key): count for lane, key, count in cast("list[tuple[str, str, int]]", rows)}
    return found


def freed(db: Db, lane: str, concurrency_key: Value, job: int) -> bool:
    """Whether other due jobs of the key can run now that this one, changed already, runs no more."""
    if concurrency_key is None:
        return False
    touch(db, lane, concurrency_key)
    return db.row(_FREED, (lane, concurrency_key, job)) == (1,)
