"""Leasing due jobs."""

from collections.abc import Sequence
from typing import cast

import msgspec

from hookyard.model import Job
from hookyard.store.contract import Claim, Claimed, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import JobRow, job
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("claim")
_PROMOTE, _PICK, _LEASE = _SQL["promote"], _SQL["pick"], _SQL["lease"]

_Packed = tuple[
    int, int, str, str, str, int, int, int, int, int | None, str, str | None, str, str | None, str, str,
    str | None, int, int, int | None, int | None, str | None, int | None, int | None, str | None, None, str,
]  # fmt: skip
"""A job row as JSON: args as hexadecimal digits."""

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
    found = db.row(_PICK, [*asks, *limits], len(limits))
    text, next_due = cast("tuple[str, int | None]", found)
    rows = _packed.decode(text)
    for start in range(0, len(rows), statements.MOST):
        _lease(db, op, [row[0] for row in rows[start : start + statements.MOST]])
    place = {lane: at for at, lane in enumerate(limits)}
    jobs = sorted((_leased(row, op) for row in rows), key=lambda one: (place[one.lane], -one.priority, one.id))
    return Claimed(tuple(jobs), next_due)


def _lease(db: Db, op: Claim, keys: Sequence[Value]) -> None:
    lease = op.lease
    db.change(_LEASE, [op.now, lease.token, lease.expires_at, lease.worker, *keys], len(keys))


def _leased(row: _Packed, op: Claim) -> Job:
    """The job as it is once leased."""
    lease = op.lease
    leased = (
        *row[:15],
        *("running", None, row[17] + 1, row[18], lease.token, lease.expires_at, lease.worker, op.now),
        *row[23:26],
        bytes.fromhex(row[26]),
    )
    return job(cast("JobRow", leased))
