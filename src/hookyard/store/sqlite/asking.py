"""The read side's ground: a few read-only connections, each with a thread of its own, and a deadline for questions."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

import apsw
import apsw.aio

from hookyard.bound import Bound
from hookyard.clock import SystemClock
from hookyard.errors import StoreUnavailable
from hookyard.log import get
from hookyard.store import stored_error
from hookyard.store.contract import matches_type
from hookyard.store.refusals import SAID_EVERY
from hookyard.store.sqlite.connect import BUSY_MS, unavailable
from hookyard.store.sqlite.driver import AsyncConnection, Connection, Value, open_async
from hookyard.store.sqlite.statements import Statement

_log = get("store")

T = TypeVar("T")

CONNECTIONS: Final = 2
_PROGRESS_STEPS: Final = 5000  # SQLite steps between looks at the deadline: well under a millisecond


class Asking:
    """Asks questions; use from the event loop that opened it."""

    def __init__(self, connections: Sequence[AsyncConnection], deadline: int) -> None:
        self.connections = connections
        """Asked in turn."""
        self._seconds = deadline / 1000
        self._turn = 0
        self._bound = Bound(SystemClock().now, most=1, within=SAID_EVERY)

    @classmethod
    async def open(cls, path: Path, deadline: int) -> Self:
        """Open the connections.

        Args:
            path: the database file.
            deadline: milliseconds after which a question is given up.
        """
        connections: list[AsyncConnection] = []
        try:
            for _ in range(CONNECTIONS):
                connection = await open_async(path, _PROGRESS_STEPS)
                connections.append(connection)
                await connection.async_run(_prepare, connection)
        except BaseException:
            for connection in connections:
                await connection.aclose()
            raise
        return cls(connections, deadline)

    async def ask(self, question: Callable[..., T], *values: object) -> T:
        """The answer of a function that is given a connection and these values, in the connection's thread.

        Raises:
            StoreUnavailable: the deadline passed, or the file cannot be read.
        """
        self._turn = (self._turn + 1) % len(self.connections)
        connection = self.connections[self._turn]
        token = apsw.aio.deadline.set(asyncio.get_running_loop().time() + self._seconds)
        try:
            return await connection.async_run(question, connection, *values)
        except TimeoutError as error:
            msg = "The store took too long to answer."
            raise StoreUnavailable(msg) from error
        except apsw.Error as error:
            if (unsaid := self._bound.take()) is not None:
                facts = {"unsaid": unsaid} if unsaid else {}
                _log.error("store.unreadable", error=f"{type(error).__name__}: {error}", **facts)
            raise unavailable(error) from error
        finally:
            apsw.aio.deadline.reset(token)

    async def rows(self, statement: Statement, values: Sequence[Value]) -> list[tuple[Value, ...]]:
        """The rows of a question that is one statement; raises as :meth:`ask`."""
        return await self.ask(_fetch, statement.text, values)

    async def aclose(self) -> None:
        """Close the connections and end their threads."""
        for connection in self.connections:
            await connection.aclose()


# These run in the connection's own thread, where its methods are the plain ones: one hop for a whole question.


def _prepare(connection: Connection) -> None:
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("mmap_size", 0)
    connection.create_scalar_function("error_mentions", _mentions, 2, deterministic=True)
    connection.create_scalar_function("matches_type", matches_type, 2, deterministic=True)


def _mentions(error: str, folded: str) -> bool:
    return stored_error.mentions(stored_error.error_of(error), folded)


def _fetch(connection: Connection, sql: str, values: Sequence[Value]) -> list[tuple[Value, ...]]:
    return connection.execute(sql, values).fetchall()
