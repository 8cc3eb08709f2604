"""A batch of operations in one transaction.

Neighbours of one kind go into the database together, a run of them in a few statements, unless two of them concern the
same row: then the second begins a new run, so that the results are those of one after the other. When an operation
contradicts what is stored, SQLite refuses the statement that it shares with its neighbours; then the whole batch is
rolled back and done again with a savepoint around each operation.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import apsw

from hookyard.store.contract import AppendAudit, Op, Result, Several, Stale, Together, changed
from hookyard.store.sqlite.connect import is_about_the_operation, roll_back, unavailable
from hookyard.store.sqlite.driver import Connection
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write import enqueue, keyed
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.depths import Depths
from hookyard.store.sqlite.write.kinds import KINDS, Kind, Subject

_Way = Callable[[Sequence[Op]], list[Result]]
"""How the operations of a batch are applied: as many as possible together, or one by one."""


class Writer:
    """Applies batches to one connection, from one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._db = Db(connection)
        self._db.read_what_is_kept()

    @property
    def depths(self) -> Depths:
        """How many jobs of each lane are queued."""
        return self._db.depths

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """See :meth:`hookyard.store.contract.Store.apply`."""
        try:
            try:
                if 0 < len(ops) <= MOST and enqueue.are_plain(ops):
                    # A single statement is a transaction of its own: two less to win the interpreter's lock for.
                    results = enqueue.store(self._db, ops)
                    self._db.depths.commit()
                    return results
                return self._transaction(ops, self._together)
            except Exception as error:
                self._roll_back()
                if not is_about_the_operation(error):
                    raise
                return self._transaction(ops, self._one_by_one)
        except apsw.Error as error:
            self._roll_back()
            raise unavailable(error) from error

    def _transaction(self, ops: Sequence[Op], apply: _Way) -> list[Result]:
        self._db.careful = apply == self._one_by_one
        self._db.run("BEGIN IMMEDIATE")
        results = apply(ops)
        self._db.run("COMMIT")
        self._db.depths.commit()
        return results

    def _roll_back(self) -> None:
        roll_back(self._connection)
        self._db.depths.drop()
        self._db.touched.clear()

    def _together(self, ops: Sequence[Op]) -> list[Result]:
        results: list[Result] = []
        for kind, run in _runs(ops):
            if kind is None:
                results += [self._several(op, self._together) for op in run if isinstance(op, Together)]
            else:
                results += kind.apply(self._db, run)
                if self._db.touched:
                    keyed.let_go(self._db)
        return results

    def _one_by_one(self, ops: Sequence[Op]) -> list[Result]:
        results: list[Result] = []
        for op in ops:
            if isinstance(op, Together):
                results.append(self._several(op, self._one_by_one))
            else:
                results += self._db.alone(op, self._together)
        return results

    def _several(self, op: Together, apply: _Way) -> Result:
        """The operations of one, with what is to be noted of each only when it changed something."""
        results: list[Result] = []
        for noted, run in groupby(op.ops, lambda one: type(one) is AppendAudit):
            if not noted:
                results += apply(tuple(run))
                continue
            for entry in run:
                in_vain = bool(results) and not changed(results[-1])
                results += (Stale(),) if in_vain else apply((entry,))
        return Several(tuple(results))


def _runs(ops: Sequence[Op]) -> Iterator[tuple[Kind | None, Sequence[Op]]]:
    """Cut a batch into runs of one kind, in which no row is named twice; None is for those that hold several."""
    for first, group in groupby(ops, type):
        same = tuple(group)
        kind = None if first is Together else KINDS[first]
        if kind is None:
            yield None, same
            continue
        for start in range(0, len(same), MOST):
            run = same[start : start + MOST]
            subject = kind.subject
            if subject is None or len(set(map(subject, run))) == len(run):
                yield kind, run
            else:
                yield from ((kind, part) for part in _without_repeats(run, subject))


def _without_repeats(run: Sequence[Op], subject: Subject) -> Iterator[Sequence[Op]]:
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
