"""Leasing due jobs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec

from hookyard.model import Job
from hookyard.store.contract import Claim, Claimed, ClaimWork, LaneAsk, Result, fitting
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import JobRow, job, more
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import keyed
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.packed import inline, unpacked

_SQL = statements.load("claim")
_PROMOTE, _PICK, _ARGS, _LEASE = _SQL["promote"], _SQL["pick"], _SQL["args"], _SQL["lease"]
_NEXT_KEYED = _SQL["next_keyed"]

Packed = tuple[
    int, int, str, str, str, int, int, int, int, int | None, str, str | None, str, str | None, str, str,
    str | None, int, int, int | None, int | None, str | None, int | None, int | None, str | None, str | None,
    str | None, str | None, int, str | None,
]  # fmt: skip
"""A job row as JSON: instead of the result the length of args, and args as hexadecimal digits if they are short."""
SIZE: Final = 28
"""Where in it the length of args is."""

packed = msgspec.json.Decoder(list[Packed])


def claim(db: Db, ops: Sequence[Claim]) -> list[Result]:
    """Lease the next due jobs of these lanes."""
    return [_claim(db, op) for op in ops]


def _claim(db: Db, op: Claim) -> Result:
    limits = limits_of(op.lanes)
    if not limits:
        return Claimed((), None)
    promote(db, limits, op.now)
    asks = [value for pair in limits.items() for value in pair]
    if db.keyed:
        _hold_back(db, asks)
    found = db.row(_PICK, [*asks, *limits, inline(sum(limits.values()))], len(limits))
    text, next_due = cast("tuple[str, int | None]", found)
    place = {lane: at for at, lane in enumerate(limits)}
    due = sorted(packed.decode(text), key=lambda row: (place[row[4]], -row[7], row[0]))
    return taken(db, due, op, next_due)


def limits_of(asks: Iterable[LaneAsk]) -> dict[str, int]:
    """How many are asked for of each lane."""
    limits: dict[str, int] = {}
    for ask in asks:
        limits[ask.lane] = limits.get(ask.lane, 0) + max(ask.limit, 0)
    return limits


def promote(db: Db, lanes: Iterable[str], now: int) -> None:
    """Put what has become due in these lanes into the queue."""
    asked = list(lanes)
    if db.keyed:
        keyed.touch_due(db, asked, now)
    db.change(_PROMOTE, [*asked, now], len(asked))
    if db.touched:
        keyed.let_go(db)


def _hold_back(db: Db, asks: Sequence[Value]) -> None:
    """Hold those that the claim passes over, until what is left in the queue is what it takes."""
    passed = True
    while passed:
        rows = cast("list[tuple[str, int, str | None, int]]", db.rows(_NEXT_KEYED, asks, len(asks) // 2))
        running = keyed.running(db, [(lane, key) for lane, _, key, _ in rows if key is not None])
        passed = False
        over: list[int] = []
        for lane, job_key, key, limit in rows:
            if key is None:
                continue
            if running[lane, key] >= limit:
                over.append(job_key)
                passed = True
            else:
                running[lane, key] += 1
        keyed.hold(db, over)


def taken(db: Db, due: Sequence[Packed], op: Claim | ClaimWork, next_due: int | None) -> Result:
    """Lease as many of these jobs as fit."""
    rows = due[: fitting([row[SIZE] for row in due])]
    lease = op.lease
    for start in range(0, len(rows), statements.MOST):
        keys: list[Value] = [row[0] for row in rows[start : start + statements.MOST]]
        db.change(_LEASE, [op.now, lease.token, lease.expires_at, lease.worker, *keys], len(keys))
    for lane, count in Counter(row[4] for row in rows).items():
        db.depths.add(lane, -count)
    if len(rows) < len(due):
        for row in due:  # what was left out did not run after all
            keyed.touch(db, row[4], None if row[27] is None else more(row[27]).concurrency_key)
    return Claimed(tuple(_leased(db, row, op) for row in rows), next_due, more=len(rows) < len(due))


def _leased(db: Db, row: Packed, op: Claim | ClaimWork) -> Job:
    """The job as it is once leased."""
    lease = op.lease
    leased = (
        *row[:15],
        *("running", None, row[17] + 1, row[18], lease.token, lease.expires_at, lease.worker, op.now),
        *(*row[23:SIZE], None),
        unpacked(db, row[29], _ARGS, row[0]),
    )
    return job(cast("JobRow", leased))
