"""Taking jobs in, once per idempotency key."""

from collections.abc import Sequence

from hookyard import ids
from hookyard.store.contract import Dedupe, Enqueue, Enqueued, Mismatch, Op, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_job, numbers
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("enqueue")
_ENQUEUE, _KNOWN, _KEEP = _SQL["enqueue"], _SQL["known_keys"], _SQL["keep_keys"]

_Known = dict[tuple[Value, Value], tuple[Value, str, int]]
"""(scope, key) -> digest, job id, end."""


def enqueue(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store these jobs, but for those that an idempotency key stands for already."""
    if any(op.dedupe is not None for op in ops):
        return _once(db, ops)
    _store(db, ops)
    return [Enqueued(op.job.id) for op in ops]


def is_one_statement(ops: Sequence[Op]) -> bool:
    """Whether these are new jobs without idempotency keys, few enough to be stored by a single statement."""
    return 0 < len(ops) <= statements.MOST and all(type(op) is Enqueue and op.dedupe is None for op in ops)


def _store(db: Db, ops: Sequence[Enqueue]) -> None:
    values: list[Value] = []
    for op in ops:
        values += new_job(op)
    db.change(_ENQUEUE, values, len(ops))


def _once(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    known = _look_up(db, {(op.dedupe.scope, op.dedupe.key): None for op in ops if op.dedupe is not None})
    results: list[Result] = []
    fresh: list[Enqueue] = []
    keys: dict[tuple[str, str], tuple[Value, ...]] = {}
    for op in ops:
        dedupe = op.dedupe
        if dedupe is not None:
            earlier = known.get((dedupe.scope, dedupe.key))
            if earlier is not None and earlier[2] > op.now:
                results.append(_answer(dedupe, earlier))
                continue
            # The operations that follow see this one's key, as if it were stored already.
            known[dedupe.scope, dedupe.key] = (dedupe.digest, op.job.id, dedupe.expires_at)
            keys[dedupe.scope, dedupe.key] = (
                *(dedupe.scope, dedupe.key, dedupe.digest),
                *numbers(op.job.id),
                dedupe.expires_at,
            )
        fresh.append(op)
        results.append(Enqueued(op.job.id))
    if fresh:
        _store(db, fresh)
        db.change_many(_KEEP, keys.values())
    return results


def _look_up(db: Db, keys: dict[tuple[str, str], None]) -> _Known:
    found = db.rows(_KNOWN, [value for pair in keys for value in pair], len(keys))
    known: _Known = {}
    for scope, key, digest, job_key, job_tail, expires_at in found:
        assert isinstance(job_key, int)  # noqa: S101  a STRICT column: for the type checkers
        assert isinstance(job_tail, int)  # noqa: S101
        assert isinstance(expires_at, int)  # noqa: S101
        known[scope, key] = (digest, ids.join(job_key, job_tail), expires_at)
    return known


def _answer(dedupe: Dedupe, earlier: tuple[Value, str, int]) -> Result:
    digest, job_id, _ = earlier
    return Enqueued(job_id, duplicate=True) if digest == dedupe.digest else Mismatch(job_id)
