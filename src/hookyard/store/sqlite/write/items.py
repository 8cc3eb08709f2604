"""Partial results of jobs."""

from collections.abc import Iterable, Sequence
from typing import cast

from hookyard.model import Item, ItemStatus
from hookyard.store.contract import ItemsPut, PutItems, Result, Stale
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.codec_kept import new_item
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("items")
_HELD, _KNOWN, _PUT, _TALLY = _SQL["held_tally"], _SQL["known_items"], _SQL["put_items"], _SQL["put_tally"]


def put_items(db: Db, ops: Sequence[PutItems]) -> list[Result]:
    """Keep them. How many there are is kept too, so that the thousandth batch costs what the first does."""
    return [_put(db, op) for op in ops]


def _put(db: Db, op: PutItems) -> Result:
    row = db.row(_HELD, (*numbers(op.job_id), op.token))
    if row is None:
        return Stale()
    key, last, *before = cast("tuple[int, int, int, int]", row)
    numbered = {item.name: (number, item) for number, item in enumerate(op.items, last + 1)}
    told = {name: item for name, (_, item) in numbered.items()}  # of two of one name the later one counts
    known = _known(db, key, list(told))
    done, failed = (
        count + _count(told.values(), status) - known.count(status)
        for count, status in zip(before, ("done", "failed"), strict=True)
    )
    if told:
        db.change_many(_PUT, [new_item(key, number, item) for number, item in numbered.values()])
        db.change(_TALLY, (key, done, failed, last + len(op.items)))
    return ItemsPut(done, failed)


def _known(db: Db, key: int, names: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(names), statements.MOST):
        chunk = names[start : start + statements.MOST]
        rows = db.rows(_KNOWN, [value for name in chunk for value in (key, name)], len(chunk))
        found += [cast("ItemStatus", status) for (status,) in rows]
    return found


def _count(items: Iterable[Item], status: str) -> int:
    return sum(item.status == status for item in items)
