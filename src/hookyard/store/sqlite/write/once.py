"""Idempotency keys, as the operations of a batch see them one after the other."""

from collections.abc import Iterable
from typing import cast

from hookyard import ids
from hookyard.store.contract import Dedupe, Enqueued, Mismatch, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("enqueue")
_KNOWN, _KEEP = _SQL["known_keys"], _SQL["keep_keys"]

_Row = tuple[str, str, bytes, int, int, int]
"""scope, key, digest, job_key, job_tail, expires_at."""


class Once:
    """What these keys stand for, and what they are about to."""

    def __init__(self, db: Db, asked: Iterable[Dedupe]) -> None:
        self._db = db
        self._known: dict[tuple[str, str], tuple[bytes, str, int]] = {}
        """(scope, key) -> digest, job id, end."""
        self._new: dict[tuple[str, str], tuple[Value, ...]] = {}
        names = list(dict.fromkeys((one.scope, one.key) for one in asked))
        for start in range(0, len(names), MOST):
            chunk = names[start : start + MOST]
            rows = cast("list[_Row]", db.rows(_KNOWN, [value for name in chunk for value in name], len(chunk)))
            for scope, key, digest, job_key, job_tail, expires_at in rows:
                self._known[scope, key] = (digest, ids.join(job_key, job_tail), expires_at)

    def answer(self, dedupe: Dedupe, now: int) -> Result | None:
        """What a live key answers; None when the call is new."""
        known = self._known.get((dedupe.scope, dedupe.key))
        if known is None:
            return None
        digest, job_id, expires_at = known
        if expires_at <= now:
            return None
        return Enqueued(job_id, duplicate=True) if digest == dedupe.digest else Mismatch(job_id)

    def note(self, dedupe: Dedupe, job_id: str, key: Value, tail: Value) -> None:
        """From now on the key stands for this job, for the operations that follow too.

        Args:
            dedupe: the key.
            job_id: which job.
            key: of that id.
            tail: of that id.
        """
        scope, name, digest, expires_at = dedupe.scope, dedupe.key, dedupe.digest, dedupe.expires_at
        self._known[scope, name] = (digest, job_id, expires_at)
        self._new[scope, name] = (scope, name, digest, key, tail, expires_at)

    def keep(self) -> None:
        """Store the new ones."""
        self._db.change_many(_KEEP, self._new.values())
