"""Taking jobs in."""

from collections.abc import Sequence

from hookyard.store.contract import Enqueue, Enqueued, Op, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import is_plain, new_job
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.intake import Intake

_ENQUEUE = statements.load("enqueue")["enqueue"]


def enqueue(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store these jobs, but for those that something stands against."""
    if not all(map(_is_simple, ops)):
        return Intake(db).take(ops)
    values: list[Value] = []
    for op in ops:
        values += new_job(op)
        if op.lease is None:
            db.depths.add(op.job.lane, 1)
    db.change(_ENQUEUE, values, len(ops))
    return [Enqueued(op.job.id) for op in ops]


def is_one_statement(ops: Sequence[Op]) -> bool:
    """Whether these are new jobs that nothing can stand against, few enough to be stored by a single statement."""
    return 0 < len(ops) <= statements.MOST and all(type(op) is Enqueue and _is_simple(op) for op in ops)


def _is_simple(op: Enqueue) -> bool:
    return op.dedupe is None and op.unique is None and (op.cap is None or op.lease is not None) and is_plain(op.job)
