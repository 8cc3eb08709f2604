"""The writing connection as the operations see it: many rows in one statement."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar, cast

from hookyard.log import get
from hookyard.store.contract import Failed, Op, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.connect import is_about_the_operation
from hookyard.store.sqlite.driver import Connection, Value
from hookyard.store.sqlite.statements import MOST, Statement
from hookyard.store.sqlite.write.depths import Depths

O = TypeVar("O", bound=Op)  # noqa: E741  an operation

log = get("store")

_SQL = statements.load("waiting")
_ANY_ORDERED = statements.load("orders")["any_ordered"]

FOREVER: Final = (1 << 63) - 1
"""Later than any time: the horizon of an operation that does not mind how long its lease has ended."""


class Db:
    """One cursor, used by the writer thread only."""

    __slots__ = ("_connection", "_execute", "after", "careful", "depths", "keyed", "ordered", "touched")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.depths = Depths()
        """How many jobs are queued."""
        self.keyed = False
        """Whether there may be active jobs with concurrency keys: as long as there are none, nobody looks for them."""
        self.after = False
        """Whether there may be jobs that wait for others, likewise."""
        self.ordered = False
        """Whether there may be open deliveries in an order, likewise."""
        self.touched: dict[tuple[str, str], None] = {}
        """Lanes and concurrency keys whose held jobs are to be looked at, before anything else is done."""
        self.careful = False
        """Whether operations are applied one by one, each failing alone."""
        # One cursor for all: executing on it anew resets whatever statement was left half read.
        self._execute = connection.cursor().execute

    def read_what_is_kept(self) -> None:
        """Read from the file what is kept in memory of it."""
        self.depths = Depths(cast("list[tuple[str, int]]", self.rows(_SQL["depths"], ())))
        # All rows of each: a statement left half read would hold the file.
        self.keyed = self.rows(_SQL["any_keyed"], ()) == [(1,)]
        self.after = self.rows(_SQL["any_after"], ()) == [(1,)]
        self.ordered = self.rows(_ANY_ORDERED, ()) == [(1,)]

    def alone(self, op: O, apply: Callable[[Sequence[O]], list[Result]]) -> list[Result]:
        """Apply one operation so that, when it contradicts what is stored, it fails alone."""
        self.run("SAVEPOINT one")
        mark, touched = self.depths.mark(), dict(self.touched)
        results: list[Result]
        try:
            results = apply((op,))
        except Exception as error:
            if not is_about_the_operation(error):
                raise
            log.error(  # noqa: TRY400  a traceback may be rendered with values, and those are payloads
                "store.operation_failed", operation=type(op).__name__, error=f"{type(error).__name__}: {error}"
            )
            self.run("ROLLBACK TO one")
            self.depths.back_to(mark)
            self.touched = touched
            results = [Failed(f"{type(error).__name__}: {error}")]
        self.run("RELEASE one")
        return results

    @contextmanager
    def undoable(self) -> Generator[Callable[[], None]]:
        """What is done within is undone by what this gives; not one within another."""
        self.run("SAVEPOINT undoable")
        mark, touched = self.depths.mark(), dict(self.touched)

        def undo() -> None:
            self.run("ROLLBACK TO undoable")
            self.depths.back_to(mark)
            self.touched = touched

        yield undo
        # An error leaves it as it is: where that is met, more is rolled back.
        self.run("RELEASE undoable")

    def run(self, sql: str) -> None:
        """Execute a statement without parameters or rows."""
        self._execute(sql)

    def change(self, statement: Statement, values: Sequence[Value], rows: int = 1) -> int:
        """Execute a statement for so many rows; returns how many rows it changed."""
        self._execute(statement.for_rows(rows), values)
        return self._connection.changes()

    def change_many(self, statement: Statement, rows: Iterable[tuple[Value, ...]]) -> None:
        """Execute a statement for any number of rows, as few times as possible."""
        pending = list(rows)
        for start in range(0, len(pending), MOST):
            chunk = pending[start : start + MOST]
            self._execute(statement.for_rows(len(chunk)), [value for row in chunk for value in row])

    def rows(self, statement: Statement, values: Sequence[Value], rows: int = 1) -> list[tuple[Value, ...]]:
        """The rows that a question for so many rows has for an answer."""
        return self._execute(statement.for_rows(rows), values).fetchall()

    def row(self, statement: Statement, values: Sequence[Value], rows: int = 1) -> tuple[Value, ...] | None:
        """The first of them, or None."""
        return self._execute(statement.for_rows(rows), values).fetchone()
