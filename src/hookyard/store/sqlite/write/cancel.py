"""Cancelling jobs: rare, so one at a time."""

from collections.abc import Sequence
from typing import cast

from hookyard.model import JobStatus
from hookyard.store.contract import AlreadyTerminal, Cancel, CancelRequested, Done, NotFound, Result, StillActive
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import error_text, numbers
from hookyard.store.sqlite.write import keyed, waiting
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.orders import add_deliveries

_SQL = statements.load("settle")
_STANDING, _CANCEL, _REQUEST = _SQL["job_standing"], _SQL["cancel_job"], _SQL["request_cancel"]
_ADD_ATTEMPTS = _SQL["add_attempts"]

Standing = tuple[JobStatus, str, str | None, int, int, int, str]
"""status, lane, concurrency_key, attempt, max_attempts; of a running job also started_at and worker."""


def cancel(db: Db, ops: Sequence[Cancel]) -> list[Result]:
    """End queued jobs, and those that are killed, and note it of running ones."""
    return [_cancel(db, op) for op in ops]


def standing(db: Db, job: tuple[int, int]) -> Standing | None:
    """Where a job stands, by key and tail."""
    return cast("Standing | None", db.row(_STANDING, job))


def _cancel(db: Db, op: Cancel) -> Result:
    job = numbers(op.job_id)
    row = standing(db, job)
    if row is None:
        return NotFound()
    status, lane, concurrency_key, attempt, _, started_at, worker = row
    if status == "running" and op.only_queued:
        return StillActive(status)
    if status == "running" and not op.kill:
        db.change(_REQUEST, (job[0],))
        return CancelRequested()
    error = error_text(op.error)
    if status == "running":
        db.change(_ADD_ATTEMPTS, (job[0], attempt, "cancelled", worker, started_at, op.now, error))
    elif status == "queued":
        db.depths.add(lane, -1)
    else:
        return AlreadyTerminal(status)
    db.change(_CANCEL, (op.reason, error, op.now, job[0]))
    add_deliveries(db, op.deliveries)
    if status == "running":
        known = waiting.concerned(db, (job[0],)).get(job[0])
        return Done() if known is None else waiting.ended(db, job, known, succeeded=False, now=op.now)
    keyed.touch(db, lane, concurrency_key)  # it may have stood before others of its key
    return Done(doomed=db.after and waiting.doom(db, job))
