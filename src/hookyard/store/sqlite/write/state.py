"""What plugins keep."""

from collections.abc import Sequence
from typing import cast

from hookyard.model import StateChange
from hookyard.store.contract import PutState, Result, StateMismatch, StatePut
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("state")
_KNOWN, _PUT = _SQL["known_states"], _SQL["put_states"]

_Known = tuple[str, str, int, int]
"""plugin, key, version, whether there is a value."""


def put_state(db: Db, ops: Sequence[PutState]) -> list[Result]:
    """Keep or delete these values, where they are what was expected; no key is named twice."""
    asked: list[Value] = [value for op in ops for value in (op.plugin, op.key)]
    known = {(row[0], row[1]): row[2:] for row in cast("list[_Known]", db.rows(_KNOWN, asked, len(ops)))}
    results: list[Result] = []
    fresh: list[tuple[Value, ...]] = []
    for op in ops:
        version, there = known.get((op.plugin, op.key), (0, 0))
        held = version if there else 0
        if op.expected is not None and op.expected != held:
            results.append(StateMismatch(held))
            continue
        fresh.append((op.plugin, op.key, op.value))
        results.append(StatePut(version + 1))
    db.change_many(_PUT, fresh)
    return results


def change_state(db: Db, changes: Sequence[StateChange]) -> None:
    """Keep or delete these values, whatever is there."""
    db.change_many(_PUT, [(change.plugin, change.key, change.value) for change in changes])
