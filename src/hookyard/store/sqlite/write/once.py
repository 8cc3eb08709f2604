"""Idempotency keys, as the operations of a batch see them one after the other."""

from collections.abc import Iterable
from typing import cast

from hookyard import ids
from hookyard.store.contract import Dedupe, Enqueue, Enqueued, Mismatch, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.codec_inbound import names_below
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("enqueue")
_KNOWN, _KEEP, _PARTS = _SQL["known_keys"], _SQL["keep_keys"], _SQL["parts"]

_Row = tuple[str, str, bytes, int, int, int, int]
"""scope, key, digest, job_key, job_tail, expires_at, unrun."""


class Once:
    """What these keys stand for, and what they are about to."""

    def __init__(self, db: Db, asked: Iterable[Dedupe]) -> None:
        self._db = db
        self._known: dict[tuple[str, str], tuple[bytes, str, int, bool]] = {}
        """(scope, key) -> digest, job id, end, whether nothing of the job has run."""
        self._new: dict[tuple[str, str], tuple[Value, ...]] = {}
        names: dict[tuple[str, str], None] = {}
        for one in asked:
            names[one.scope, one.key] = None
            for whole in one.also:
                names[one.scope, whole] = None
        given = list(names)
        for start in range(0, len(given), MOST):
            chunk = given[start : start + MOST]
            rows = cast("list[_Row]", db.rows(_KNOWN, [value for name in chunk for value in name], len(chunk)))
            for scope, key, digest, job_key, job_tail, expires_at, unrun in rows:
                self._known[scope, key] = (digest, ids.join(job_key, job_tail), expires_at, bool(unrun))

    def answer(self, dedupe: Dedupe, op: Enqueue) -> Result | None:
        """What the live keys answer; None when the call is new."""
        if dedupe.take:
            return None
        answer = self._one(dedupe, dedupe.key, op)
        for whole in dedupe.also:
            if answer is None and (dedupe.scope, whole) in self._known and not self._has_parts(dedupe, whole, op.now):
                answer = self._one(dedupe, whole, op)
        return answer

    def note(self, dedupe: Dedupe, op: Enqueue, job_id: str, key: Value = None, tail: Value = None) -> None:
        """From now on the key stands for this job, for the operations that follow too.

        Args:
            dedupe: the key, with those that it is a part of.
            op: which came with it.
            job_id: which job.
            key: of that id, if the caller has it at hand.
            tail: of that id, likewise.
        """
        if key is None:
            key, tail = numbers(job_id)
        scope, digest, expires_at = dedupe.scope, dedupe.digest, dedupe.expires_at
        unrun = op.dead is not None and job_id == op.job.id
        wholes = [whole for whole in dedupe.also if self._one(dedupe, whole, op) is None] if dedupe.also else ()
        for name in (dedupe.key, *wholes):
            self._known[scope, name] = (digest, job_id, expires_at, unrun)
            self._new[scope, name] = (scope, name, digest, key, tail, expires_at)

    def keep(self) -> None:
        """Store the new ones."""
        self._db.change_many(_KEEP, self._new.values())

    def _one(self, dedupe: Dedupe, name: str, op: Enqueue) -> Result | None:
        """What one key answers; None when it is not known, or over, or free for this job."""
        known = self._known.get((dedupe.scope, name))
        if known is None:
            return None
        digest, job_id, expires_at, unrun = known
        if expires_at <= op.now:
            return None
        if digest != dedupe.digest:
            return Mismatch(job_id)
        return None if unrun and op.dead is None else Enqueued(job_id, duplicate=True)

    def _has_parts(self, dedupe: Dedupe, whole: str, now: int) -> bool:
        """Whether a live key is a part of this one."""
        scope, (_, first, beyond) = dedupe.scope, names_below(whole)
        for name in reversed(self._new):  # mostly the one just before, of the same event
            if name[0] == scope and first <= name[1] < beyond and self._known[name][2] > now:
                return True
        rows = self._db.rows(_PARTS, (scope, first, beyond, now))
        return any((scope, str(key)) not in self._new for (key,) in rows)
