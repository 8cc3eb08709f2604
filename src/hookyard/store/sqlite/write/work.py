"""Leasing due jobs for external workers."""

from collections.abc import Iterable, Sequence
from typing import cast

from hookyard.store.contract import Claimed, ClaimWork, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write import keyed
from hookyard.store.sqlite.write.claim import Packed, limits_of, packed, promote, taken
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.packed import inline

_SQL = statements.load("work")
_RUNNING, _TAKE, _NEXT_DUE = _SQL["running_of_lanes"], _SQL["take"], _SQL["next_due"]
_ANY, _ANY_OF_TENANT = _SQL["candidates"], _SQL["candidates_of_tenant"]
_AFFINE, _AFFINE_OF_TENANT = _SQL["affine"], _SQL["affine_of_tenant"]

_Candidate = tuple[int, str, int, str | None, str | None, int]
"""key, lane, priority, affinity, concurrency_key, concurrency_limit."""


def claim_work(db: Db, ops: Sequence[ClaimWork]) -> list[Result]:
    """Lease the next due jobs for these workers."""
    return [_claim(db, op) for op in ops]


def _claim(db: Db, op: ClaimWork) -> Result:
    limits = limits_of(op.lanes)
    if not limits:
        return Claimed((), None)
    promote(db, limits, op.now)
    lanes = list(limits)
    running = dict(cast("list[tuple[str, int]]", db.rows(_RUNNING, lanes, len(lanes))))
    room = {lane: limit - running.get(lane, 0) for lane, limit in limits.items()}
    picked = _pick(db, op, room)
    due: dict[int, Packed] = {}
    for start in range(0, len(picked), MOST):
        chunk: list[Value] = list(picked[start : start + MOST])
        text = cast("tuple[str]", db.row(_TAKE, [inline(len(picked)), *chunk], len(chunk)))[0]
        due |= {row[0]: row for row in packed.decode(text)}
    next_due = cast("tuple[int | None]", db.row(_NEXT_DUE, lanes, len(lanes)))[0]
    return taken(db, [due[key] for key in picked], op, next_due)


def _pick(db: Db, op: ClaimWork, room: dict[str, int]) -> list[int]:
    """The jobs to take, in this order."""
    affinities = list(dict.fromkeys(one for one in op.affinities if one))
    while True:
        found: dict[int, _Candidate] = {}
        for lane, free in room.items():
            found |= {row[0]: row for row in _candidates(db, op, lane, min(free, op.limit), affinities)}
        order = sorted(found.values(), key=lambda row: (row[3] not in affinities, -row[2], row[0]))
        picked, passed = _with_room(db, order, dict(room), max(op.limit, 0))
        if not passed:
            return picked
        keyed.hold(db, passed)


def _candidates(db: Db, op: ClaimWork, lane: str, count: int, affinities: Iterable[str]) -> list[_Candidate]:
    """The next jobs of a lane: so many of each affinity, and of all."""
    if count < 1:
        return []
    rows: list[tuple[Value, ...]] = []
    for affinity in affinities:
        if op.tenant:
            rows += db.rows(_AFFINE_OF_TENANT, (lane, op.tenant, affinity, count))
        else:
            rows += db.rows(_AFFINE, (lane, affinity, count))
    # As many of these are among those above at most.
    rows += db.rows(_ANY_OF_TENANT, (lane, op.tenant, 2 * count)) if op.tenant else db.rows(_ANY, (lane, 2 * count))
    return cast("list[_Candidate]", rows)


def _with_room(db: Db, order: Sequence[_Candidate], room: dict[str, int], limit: int) -> tuple[list[int], list[int]]:
    """Those of these, taken in this order, that their lane and their key have room for; and those without, by key."""
    running = keyed.running(db, [(row[1], row[4]) for row in order if row[4] is not None])
    picked: list[int] = []
    passed: list[int] = []
    for job, lane, _, _, key, most in order:
        if len(picked) == limit:
            break
        if room[lane] <= 0:
            continue
        if key is not None:
            if running[lane, key] >= most:
                passed.append(job)
                continue
            running[lane, key] += 1
        room[lane] -= 1
        picked.append(job)
    return picked, passed
