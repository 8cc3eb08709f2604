"""The read side: a few read-only connections, each with a thread of its own, and a deadline for every question."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import apsw
import apsw.aio

from hookyard import ids
from hookyard.errors import StoreUnavailable
from hookyard.model import Attempt, Delivery, DeliveryAttempt, Job
from hookyard.store.contract import JobQuery
from hookyard.store.sqlite import codec, statements
from hookyard.store.sqlite.codec import DeliveryRow, JobRow, numbers
from hookyard.store.sqlite.connect import BUSY_MS, unavailable
from hookyard.store.sqlite.driver import AsyncConnection, Connection, Value, open_async
from hookyard.store.sqlite.statements import Statement

CONNECTIONS: Final = 2
_PROGRESS_STEPS: Final = 5000  # SQLite steps between looks at the deadline: well under a millisecond

_SQL = statements.load("queries")
_LISTS: Final = {
    "queued": "jobs_queued",
    "running": "jobs_running",
    **dict.fromkeys(("failed", "timed_out", "cancelled"), "jobs_unsuccessful"),
}
"""Statuses that an index of their own finds among any number of other jobs."""


class Reader:
    """Asks the questions of the contract; use from the event loop that opened it."""

    def __init__(self, connections: Sequence[AsyncConnection], deadline: int) -> None:
        self.connections = connections
        """Asked in turn."""
        self._seconds = deadline / 1000
        self._turn = 0

    @classmethod
    async def open(cls, path: Path, deadline: int) -> "Reader":
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

    async def job(self, job_id: str) -> Job | None:
        """See :class:`hookyard.store.contract.Store`, as all of these."""
        rows = await self.rows(_SQL["job"], numbers(job_id))
        return codec.job(cast("JobRow", rows[0])) if rows else None

    async def jobs(self, query: JobQuery) -> tuple[Job, ...]:
        """A page of the list."""
        statement = _SQL[_LISTS.get(query.status or "", "jobs")]
        before = (1 << 60) if query.before is None else ids.key(query.before)
        rows = await self.rows(statement, (before, query.status, query.plugin, query.command, query.limit))
        return tuple(codec.job(row) for row in cast("list[JobRow]", rows))

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The attempts of a job."""
        return tuple(codec.attempt(job_id, row) for row in await self.rows(_SQL["attempts"], numbers(job_id)))

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """The deliveries of a job."""
        rows = await self.rows(_SQL["deliveries"], numbers(job_id))
        return tuple(codec.delivery(row) for row in cast("list[DeliveryRow]", rows))

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """The tries at a delivery."""
        rows = await self.rows(_SQL["delivery_attempts"], numbers(delivery_id))
        return tuple(codec.delivery_attempt(delivery_id, row) for row in rows)

    async def lost(self, now: int, *, worker: str | None, limit: int) -> tuple[Job, ...]:
        """Running jobs that nobody works on."""
        if worker is None:
            rows = await self.rows(_SQL["lost"], (now, limit))
        else:
            rows = await self.rows(_SQL["running_of"], (worker, limit))
        return tuple(codec.job(row) for row in cast("list[JobRow]", rows))

    async def last_id(self) -> str | None:
        """The largest id."""
        rows = await self.rows(_SQL["last_id"], ())
        return ids.join(*cast("tuple[int, int]", rows[0])) if rows else None

    async def ready(self) -> None:
        """Nothing, if the file answers."""
        await self.rows(_SQL["ready"], ())

    async def aclose(self) -> None:
        """Close the connections and end their threads."""
        for connection in self.connections:
            await connection.aclose()

    async def rows(self, statement: Statement, values: Sequence[Value]) -> list[tuple[Value, ...]]:
        """The rows of any question, asked of the next connection in turn.

        Raises:
            StoreUnavailable: the deadline passed, or the file cannot be read.
        """
        self._turn = (self._turn + 1) % len(self.connections)
        connection = self.connections[self._turn]
        token = apsw.aio.deadline.set(asyncio.get_running_loop().time() + self._seconds)
        try:
            return await connection.async_run(_fetch, connection, statement.text, values)
        except TimeoutError as error:
            msg = "The store took too long to answer."
            raise StoreUnavailable(msg) from error
        except apsw.Error as error:
            raise unavailable(error) from error
        finally:
            apsw.aio.deadline.reset(token)


# These run in the connection's own thread, where its methods are the plain ones: one hop for a whole question.


def _prepare(connection: Connection) -> None:
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("mmap_size", 0)


def _fetch(connection: Connection, sql: str, values: Sequence[Value]) -> list[tuple[Value, ...]]:
    return connection.execute(sql, values).fetchall()
