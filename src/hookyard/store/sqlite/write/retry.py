"""Trying ended jobs again: rare, so one at a time."""

from collections.abc import Sequence

from hookyard.store.contract import Done, Doomed, Exhausted, Failed, NotFound, Result, RetryJob, StillActive
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.write import keyed, waiting
from hookyard.store.sqlite.write.cancel import standing
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("settle")
_RETRY, _FORGET_PROGRESS = _SQL["retry_job"], _SQL["forget_progress"]
_DOOMED = statements.load("waiting")["doomed"]


def retry_job(db: Db, ops: Sequence[RetryJob]) -> list[Result]:
    """Queue these jobs again."""
    return [_retry(db, op) for op in ops]


def _retry(db: Db, op: RetryJob) -> Result:
    job = numbers(op.job_id)
    row = standing(db, job)
    if row is None:
        return NotFound()
    status, lane, concurrency_key, attempt, max_attempts, *_ = row
    if status == "queued" or status == "running":  # noqa: PLR1714  so that checkers know what is left
        return StillActive(status)
    used_up = attempt >= max_attempts
    if not op.force and (used_up or status == "succeeded"):
        return Exhausted(status, attempt, max_attempts)
    if used_up and op.attempts < 1:
        return Failed("not a single attempt more is allowed")
    if db.after and db.row(_DOOMED, (job[0],)) is not None:
        return Doomed()
    most = attempt + op.attempts if used_up else max_attempts
    db.change(_RETRY, (op.run_at, int(op.run_at <= op.now), most, job[0]))
    db.change(_FORGET_PROGRESS, (job[0],))
    db.depths.add(lane, 1)
    keyed.touch(db, lane, concurrency_key)
    waiting.undoom(db, job)
    return Done()
