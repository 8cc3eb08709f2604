"""The writing connection as the operations see it: many rows in one statement."""

from collections.abc import Iterable, Sequence
from typing import Final

from hookyard.store.sqlite.driver import Connection, Value
from hookyard.store.sqlite.statements import MOST, Statement

FOREVER: Final = (1 << 63) - 1
"""Later than any time: the horizon of an operation that does not mind how long its lease has ended."""


class Db:
    """One cursor, used by the writer thread only."""

    __slots__ = ("_connection", "_execute")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # One cursor for all: executing on it anew resets whatever statement was left half read.
        self._execute = connection.cursor().execute

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
