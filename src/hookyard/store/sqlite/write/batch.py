"""A batch of operations in one transaction.

Neighbours of one kind go into the database together, a run of them in a few statements, unless two of them concern the
same row: then the second begins a new run, so that the results are those of one after the other. When an operation
contradicts what is stored, SQLite refuses the statement that it shares with its neighbours; then the whole batch is
rolled back and done again with a savepoint around each operation.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar, cast

import apsw
from msgspec import Struct

from hookyard.log import get
from hookyard.store.contract import (
    AppendAudit,
    AppendEvents,
    AppendLog,
    Cancel,
    Claim,
    ClaimDeliveries,
    DeleteJob,
    DeleteSchedule,
    Enqueue,
    Extend,
    Failed,
    Finish,
    FinishDelivery,
    FireSchedule,
    Op,
    PauseLane,
    PauseSchedule,
    Prune,
    PruneJobs,
    PutArtifact,
    PutItems,
    PutProgress,
    PutSchedule,
    PutState,
    PutToken,
    PutWorker,
    RecoverDeliveries,
    Release,
    ReleaseDelivery,
    Result,
    ResumeLane,
    TouchTokens,
)
from hookyard.store.sqlite.connect import is_about_the_operation, roll_back, unavailable
from hookyard.store.sqlite.driver import Connection
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write import (
    access,
    cancel,
    claim,
    deliver,
    enqueue,
    forget,
    items,
    lanes,
    schedules,
    settle,
    state,
    tell,
)
from hookyard.store.sqlite.write.db import Db

O_contra = TypeVar("O_contra", bound=Op, contravariant=True)
O = TypeVar("O", bound=Op)  # noqa: E741  an operation
_Apply = Callable[[Db, Sequence[Op]], list[Result]]
_Subject = Callable[[Op], str]

_KEY_PART = 18  # characters of an id: two ids with the same key name the same row

log = get("store")


class _Kind(Struct, frozen=True):
    apply: _Apply
    subject: _Subject | None = None
    """Which row an operation is about; None when several of one kind never get into each other's way."""


def _kind(apply: Callable[[Db, Sequence[O]], list[Result]], subject: Callable[[O], str] | None = None) -> _Kind:
    # A run holds operations of one type only, the one that this function takes.
    return _Kind(cast("_Apply", apply), cast("_Subject | None", subject))


def _job(op: Extend | Finish | PutProgress | Release) -> str:
    return op.job_id[:_KEY_PART]


def _delivery(op: FinishDelivery | ReleaseDelivery) -> str:
    return op.delivery_id[:_KEY_PART]


def _made(op: PutArtifact) -> str:
    return op.artifact.job_id[:_KEY_PART]


def _kept(op: PutState) -> str:
    return f"{op.plugin}\0{op.key}"


_KINDS: dict[type[Op], _Kind] = {
    Enqueue: _kind(enqueue.enqueue),
    Claim: _kind(claim.claim),
    Extend: _kind(settle.extend, _job),
    Finish: _kind(settle.finish, _job),
    Release: _kind(settle.release, _job),
    Cancel: _kind(cancel.cancel),
    ClaimDeliveries: _kind(deliver.claim_deliveries),
    FinishDelivery: _kind(deliver.finish_delivery, _delivery),
    ReleaseDelivery: _kind(deliver.release_delivery, _delivery),
    RecoverDeliveries: _kind(deliver.recover_deliveries),
    PutProgress: _kind(tell.put_progress, _job),
    AppendLog: _kind(tell.append_log),
    AppendEvents: _kind(tell.append_events),
    PutArtifact: _kind(tell.put_artifacts, _made),
    PutState: _kind(state.put_state, _kept),
    PutItems: _kind(items.put_items),
    Prune: _kind(forget.prune),
    PruneJobs: _kind(forget.prune_jobs),
    DeleteJob: _kind(forget.delete_job),
    PutToken: _kind(access.put_token),
    TouchTokens: _kind(access.touch_tokens),
    AppendAudit: _kind(access.append_audit),
    PauseLane: _kind(lanes.pause),
    ResumeLane: _kind(lanes.resume),
    PutWorker: _kind(lanes.put_worker),
    PutSchedule: _kind(schedules.put),
    DeleteSchedule: _kind(schedules.delete),
    PauseSchedule: _kind(schedules.pause),
    FireSchedule: _kind(schedules.fire),
}


class Writer:
    """Applies batches to one connection, from one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._db = Db(connection)

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """See :meth:`hookyard.store.contract.Store.apply`."""
        try:
            try:
                if enqueue.is_one_statement(ops):
                    # Which is a transaction of its own: two statements less to win the interpreter's lock for.
                    return self._together(ops)
                return self._transaction(ops, self._together)
            except Exception as error:
                roll_back(self._connection)
                if not is_about_the_operation(error):
                    raise
                return self._transaction(ops, self._one_by_one)
        except apsw.Error as error:
            roll_back(self._connection)
            raise unavailable(error) from error

    def _transaction(self, ops: Sequence[Op], apply: Callable[[Sequence[Op]], list[Result]]) -> list[Result]:
        self._db.run("BEGIN IMMEDIATE")
        results = apply(ops)
        self._db.run("COMMIT")
        return results

    def _together(self, ops: Sequence[Op]) -> list[Result]:
        results: list[Result] = []
        for kind, run in _runs(ops):
            results += kind.apply(self._db, run)
        return results

    def _one_by_one(self, ops: Sequence[Op]) -> list[Result]:
        results: list[Result] = []
        for op in ops:
            self._db.run("SAVEPOINT one")
            try:
                results += _KINDS[type(op)].apply(self._db, (op,))
            except Exception as error:
                if not is_about_the_operation(error):
                    raise
                log.error(  # noqa: TRY400  a traceback may be rendered with values, and those are payloads
                    "store.operation_failed", operation=type(op).__name__, error=f"{type(error).__name__}: {error}"
                )
                self._db.run("ROLLBACK TO one")
                results.append(Failed(f"{type(error).__name__}: {error}"))
            self._db.run("RELEASE one")
        return results


def _runs(ops: Sequence[Op]) -> Iterator[tuple[_Kind, Sequence[Op]]]:
    """Cut a batch into runs of one kind, in which no row is named twice."""
    for first, group in groupby(ops, type):
        kind, same = _KINDS[first], tuple(group)
        for start in range(0, len(same), MOST):
            run = same[start : start + MOST]
            subject = kind.subject
            if subject is None or len(set(map(subject, run))) == len(run):
                yield kind, run
            else:
                yield from ((kind, part) for part in _without_repeats(run, subject))


def _without_repeats(run: Sequence[Op], subject: _Subject) -> Iterator[Sequence[Op]]:
    start = 0
    seen: set[str] = set()
    for at, op in enumerate(run):
        name = subject(op)
        if name in seen:
            yield run[start:at]
            start = at
            seen.clear()
        seen.add(name)
    yield run[start:]
