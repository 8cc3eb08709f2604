"""The active jobs of unique keys, as the operations of a batch see them one after the other."""

from collections.abc import Iterable, Sequence
from typing import cast

from msgspec import Struct

from hookyard import ids
from hookyard.store.contract import Enqueue
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write.db import Db

_ACTIVE = statements.load("enqueue")["active"]

_Row = tuple[str, int, int, str, int | None, int]
"""unique_key, key, tail, status, started_at, submitted_at."""


class Active(Struct, frozen=True):
    """A job that is queued or running."""

    job_id: str
    status: str
    started_at: int | None
    submitted_at: int


class Actives:
    """What is stored under these keys, and what is about to be."""

    def __init__(self, db: Db, keys: Iterable[str]) -> None:
        self._known: dict[str, list[Active]] = {key: [] for key in keys}
        asked = list(self._known)
        for start in range(0, len(asked), MOST):
            chunk = asked[start : start + MOST]
            for row in cast("list[_Row]", db.rows(_ACTIVE, chunk, len(chunk))):
                self._known[row[0]].append(Active(ids.join(row[1], row[2]), *row[3:]))

    def of(self, key: str) -> Sequence[Active]:
        """The active jobs of a key, oldest first."""
        return self._known[key]

    def add(self, op: Enqueue) -> None:
        """This job is taken."""
        same = self._known.get(op.job.unique_key or "")
        if same is not None and op.job.unique_key is not None:
            running = op.lease is not None
            same.append(
                Active(
                    op.job.id,
                    "running" if running else "queued",
                    op.now if running else None,
                    op.job.submitted_at,
                )
            )
            same.sort(key=lambda one: one.job_id)
