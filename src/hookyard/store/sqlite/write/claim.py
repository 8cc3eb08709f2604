"""Leasing due jobs."""

from collections.abc import Sequence
from typing import cast

import msgspec

from hookyard.model import Job
from hookyard.store.contract import Claim, Claimed, Result, fitting
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import JobRow, job
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.packed import inline, unpacked

_SQL = statements.load("claim")
_PROMOTE, _PICK, _ARGS, _LEASE = _SQL["promote"], _SQL["pick"], _SQL["args"], _SQL["lease"]

_Packed = tuple[
    int, int, str, str, str, int, int, int, int, int | None, str, str | None, str, str | None, str, str,
    str | None, int, int, int | None, int | None, str | None, int | None, int | None, str | None, str | None,
    str | None, int, str | None,
]  # fmt: skip
"""A job row as JSON: instead of the result the length of args, and args as hexadecimal digits if they are short."""

_packed = msgspec.json.Decoder(list[_Packed])


def claim(db: Db, ops: Sequence[Claim]) -> list[Result]:
    """Lease the next due jobs of these lanes."""
    return [_claim(db, op) for op in ops]


def _claim(db: Db, op: Claim) -> Result:
    limits: dict[str, int] = {}
    for ask in op.lanes:
        limits[ask.lane] = limits.get(ask.lane, 0) + max(ask.limit, 0)
    if not limits:
        return Claimed((), None)
    db.change(_PROMOTE, [*limits, op.now], len(limits))
    asks = [value for pair in limits.items() for value in pair]
    found = db.row(_PICK, [*asks, *limits, inline(sum(limits.values()))], len(limits))
    text, next_due = cast("tuple[str, int | None]", found)
    place = {lane: at for at, lane in enumerate(limits)}
    due = sorted(_packed.decode(text), key=lambda row: (place[row[4]], -row[7], row[0]))
    rows = due[: fitting([row[27] for row in due])]
    for start in range(0, len(rows), statements.MOST):
        _lease(db, op, [row[0] for row in rows[start : start + statements.MOST]])
    return Claimed(tuple(_leased(db, row, op) for row in rows), next_due, more=len(rows) < len(due))


def _lease(db: Db, op: Claim, keys: Sequence[Value]) -> None:
    lease = op.lease
    db.change(_LEASE, [op.now, lease.token, lease.expires_at, lease.worker, *keys], len(keys))


def _leased(db: Db, row: _Packed, op: Claim) -> Job:
    """The job as it is once leased."""
    lease = op.lease
    leased = (
        *row[:15],
        *("running", None, row[17] + 1, row[18], lease.token, lease.expires_at, lease.worker, op.now),
        *(*row[23:27], None),
        unpacked(db, row[28], _ARGS, row[0]),
    )
    return job(cast("JobRow", leased))
