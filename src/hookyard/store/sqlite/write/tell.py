"""What running jobs tell of themselves: progress, lines of their logs, artifacts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from hookyard.store.contract import AppendEvents, AppendLog, Done, PutArtifact, PutProgress, Result, Stale
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.codec_told import new_event
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import MOST, Statement
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.orders import add_deliveries
from hookyard.store.stored_progress import progress_text

_SQL = statements.load("tell")
_HOLDING, _PUT_PROGRESS = _SQL["holding"], _SQL["put_progress"]
_PUT_ARTIFACTS, _APPEND = _SQL["put_artifacts"], _SQL["append_lines"]

_ADD_EVENTS = statements.load("events")["add_events"]

_DONE, _STALE = Done(), Stale()

_Lease = tuple[int, int, int]
"""key, tail, token."""


def put_progress(db: Db, ops: Sequence[PutProgress]) -> list[Result]:
    """Note how far these jobs are."""
    leases = [(*numbers(op.job_id), op.token) for op in ops]
    return _put(db, _PUT_PROGRESS, leases, ((progress_text(op.progress),) for op in ops))


def put_artifacts(db: Db, ops: Sequence[PutArtifact]) -> list[Result]:
    """Name these artifacts."""
    leases = [(*numbers(op.artifact.job_id), op.token) for op in ops]
    made = (op.artifact for op in ops)
    rows = ((one.name, one.media_type, one.size, one.sha256, one.location, one.created_at) for one in made)
    return _put(db, _PUT_ARTIFACTS, leases, rows)


def append_log(db: Db, ops: Sequence[AppendLog]) -> list[Result]:
    """Keep these lines, those of all operations in one statement."""
    lines = [line for op in ops for line in op.lines]
    for start in range(0, len(lines), MOST):
        chunk = lines[start : start + MOST]
        places: Counter[str] = Counter()
        values: list[Value] = []
        for line in chunk:
            places[line.job_id] += 1
            values += (*numbers(line.job_id), places[line.job_id])
            values += (line.attempt, line.at, line.level, line.event, line.values)
        db.change(_APPEND, values, len(chunk))
    return [_DONE] * len(ops)


def append_events(db: Db, ops: Sequence[AppendEvents]) -> list[Result]:
    """Keep these events, and the deliveries of them."""
    add_deliveries(db, [one for op in ops for one in op.deliveries])
    db.change_many(_ADD_EVENTS, [new_event(one) for op in ops for one in op.events])
    return [_DONE] * len(ops)


def _put(db: Db, statement: Statement, leases: Sequence[_Lease], rows: Iterable[tuple[Value, ...]]) -> list[Result]:
    """A row for each lease that is still held; no job is named twice."""
    values = [value for lease, row in zip(leases, rows, strict=True) for value in (*lease, *row)]
    if db.change(statement, values, len(leases)) == len(leases):
        return [_DONE] * len(leases)
    held = {row[0] for row in db.rows(_HOLDING, [value for lease in leases for value in lease], len(leases))}
    return [_DONE if lease[0] in held else _STALE for lease in leases]
