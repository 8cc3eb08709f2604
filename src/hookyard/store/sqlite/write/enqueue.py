"""Taking jobs in."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from hookyard.store.contract import Enqueue, Enqueued, Op, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import is_plain, new_job
from hookyard.store.sqlite.codec_inbound import new_inbound
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.inbound import KEEP
from hookyard.store.sqlite.write.intake import Intake
from hookyard.store.sqlite.write.once import Once

_ENQUEUE = statements.load("enqueue")["enqueue"]


def enqueue(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store these jobs, but for those that something stands against."""
    for op in ops:
        if not _is_alone(op):
            return Intake(db).take(ops)
        if op.dedupe is not None or op.inbound is not None:
            return _store_once(db, ops) if all(map(_is_alone, ops)) else Intake(db).take(ops)
    return store(db, ops)


def are_plain(ops: Sequence[Op]) -> TypeGuard[Sequence[Enqueue]]:
    """Whether these are new jobs that nothing can stand against, and that have nothing that few jobs have."""
    # Every trigger passes here: written out, it takes half as long as by the function below.
    for op in ops:
        if type(op) is not Enqueue or op.dedupe is not None or op.inbound is not None or op.dead is not None:
            return False
        if op.unique is not None or (op.cap is not None and op.lease is None):
            return False
        job = op.job
        if job.tags or job.options is not None or job.tenant or job.affinity is not None:
            return False
        if job.unique_key is not None or job.concurrency_key is not None:
            return False
    return True


def _is_alone(op: Enqueue) -> bool:
    """Whether nothing but an idempotency key can stand against a job, and it has nothing that few jobs have."""
    if op.unique is not None or (op.cap is not None and op.lease is None) or op.dead is not None:
        return False
    return is_plain(op.job)


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


def _store_once(db: Db, ops: Sequence[Enqueue]) -> list[Result]:
    """Store jobs that only a key can stand against: what comes of webhooks, in four statements."""
    once = Once(db, [op.dedupe for op in ops if op.dedupe is not None])
    jobs: list[tuple[Value, ...]] = []
    sent: list[tuple[Value, ...]] = []
    results: list[Result] = []
    for op in ops:
        job, dedupe = op.job, op.dedupe
        if dedupe is not None and (known := once.answer(dedupe, op)) is not None:
            results.append(known)
            continue
        row = new_job(op)
        jobs.append(row)
        if op.inbound is not None:
            sent.append(new_inbound(row[0], op.inbound))
        if op.lease is None:
            db.depths.add(job.lane, 1)
        if dedupe is not None:
            once.note(dedupe, op, job.id, row[0], row[1])
        results.append(Enqueued(job.id))
    db.change_many(_ENQUEUE, jobs)
    db.change_many(KEEP, sent)
    once.keep()
    return results
