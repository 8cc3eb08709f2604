"""Taking jobs in."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from hookyard.store.contract import Enqueue, Enqueued, Op, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_job
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.intake import Intake

_ENQUEUE = statements.load("enqueue")["enqueue"]


def enqueue(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store these jobs, but for those that something stands against."""
    return store(db, ops) if are_plain(ops) else Intake(db).take(ops)


def are_plain(ops: Sequence[Op]) -> TypeGuard[Sequence[Enqueue]]:
    """Whether these are new jobs that nothing can stand against, and that have nothing that few jobs have."""
    for op in ops:
        if type(op) is not Enqueue:
            return False
        if op.dedupe is not None or op.inbound is not None or op.dead is not None:
            return False
        if op.unique is not None or (op.cap is not None and op.lease is None):
            return False
        job = op.job
        if job.tags or job.options is not None or job.tenant or job.affinity is not None:
            return False
        if job.unique_key is not None or job.concurrency_key is not None:
            return False
    return True


def store(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store plain jobs: a single statement."""
    values: list[Value] = []
    queued: list[str] = []
    for op in ops:
        values += new_job(op)
        if op.lease is None:
            queued.append(op.job.lane)
    if queued:
        for lane, count in Counter(queued).items():
            db.depths.add(lane, count)
    db.change(_ENQUEUE, values, len(ops))
    return [Enqueued(op.job.id) for op in ops]
