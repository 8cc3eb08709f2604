"""Cancelling jobs: rare, so one at a time."""

from collections.abc import Sequence
from typing import cast

from hookyard.model import JobStatus
from hookyard.store.contract import AlreadyTerminal, Cancel, CancelRequested, Done, NotFound, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_delivery, numbers
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.deliver import ADD_DELIVERIES

_SQL = statements.load("settle")
_STATUS, _CANCEL, _REQUEST = _SQL["job_status"], _SQL["cancel_queued"], _SQL["request_cancel"]


def cancel(db: Db, ops: Sequence[Cancel]) -> list[Result]:
    """End queued jobs, and note it of running ones."""
    return [_cancel(db, op) for op in ops]


def _cancel(db: Db, op: Cancel) -> Result:
    key, tail = numbers(op.job_id)
    row = db.row(_STATUS, (key, tail))
    if row is None:
        return NotFound()
    status = cast("JobStatus", row[0])
    if status == "queued":
        db.change(_CANCEL, (op.now, key))
        db.change_many(ADD_DELIVERIES, [new_delivery(delivery) for delivery in op.deliveries])
        return Done()
    if status == "running":
        db.change(_REQUEST, (key,))
        return CancelRequested()
    return AlreadyTerminal(status)
