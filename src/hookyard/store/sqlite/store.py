"""The store on one SQLite file."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import apsw

from hookyard.errors import StoreError
from hookyard.model import Artifact, Attempt, Delivery, DeliveryAttempt, Event, Job, LaneDepth, LogLine, StateEntry
from hookyard.store.contract import EventQuery, JobQuery, JobsFound, Op, Result
from hookyard.store.sqlite.connect import Synchronous, configure, connect, log, make_private
from hookyard.store.sqlite.delivery_questions import DeliveryQuestions
from hookyard.store.sqlite.driver import Connection
from hookyard.store.sqlite.lock import FileLock
from hookyard.store.sqlite.migrate import check, migrate
from hookyard.store.sqlite.read import Reader
from hookyard.store.sqlite.write.batch import Writer


class SqliteStore(DeliveryQuestions):
    """A :class:`hookyard.store.contract.Store`; make one with :meth:`open`."""

    def __init__(self, lock: FileLock, connection: Connection, reader: Reader) -> None:
        self._lock = lock
        self.connection = connection
        """What writes; for the thread that calls :meth:`apply`."""
        super().__init__(reader)
        self._writer = Writer(connection)

    @classmethod
    async def open(
        cls, path: str | os.PathLike[str], *, synchronous: Synchronous = "full", read_timeout: int = 5000
    ) -> "SqliteStore":
        """Open the file, made when it is not there, and bring its schema up to date.

        Args:
            path: the file; its folder is made too.
            synchronous: SQLite's setting. `full` survives a power cut, `normal` is faster and does not.
            read_timeout: milliseconds after which a question is answered with StoreUnavailable.

        Raises:
            StoreLocked: another process serves the file.
            StoreTooNew: a newer Hookyard wrote it.
            StoreError: it cannot be used.
        """
        file = Path(path)
        lock, connection = await asyncio.to_thread(_open, file, synchronous)
        try:
            reader = await Reader.open(file, read_timeout)
        except apsw.Error as error:
            connection.close()
            lock.release()
            msg = f"{path} cannot be read: {error}"
            raise StoreError(msg) from error
        try:
            return cls(lock, connection, reader)
        except apsw.Error as error:
            await reader.aclose()
            connection.close()
            lock.release()
            msg = f"{path} cannot be used: {error}; `hookyard db check` says more"
            raise StoreError(msg) from error

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """See the contract."""
        return self._writer.apply(ops)

    async def job(self, job_id: str) -> Job | None:
        """See the contract, as all of these."""
        return await self.reader.job(job_id)

    async def jobs(self, query: JobQuery) -> JobsFound:
        """See the contract."""
        return await self.reader.jobs(query)

    async def depths(self) -> tuple[LaneDepth, ...]:
        """See the contract."""
        running = await self.reader.running()
        queued = self._writer.depths.now()
        lanes = sorted(queued.keys() | running.keys())
        return tuple(LaneDepth(lane, queued.get(lane, 0), running.get(lane, 0)) for lane in lanes)

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """See the contract."""
        return await self.reader.attempts(job_id)

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """See the contract."""
        return await self.reader.deliveries(job_id)

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """See the contract."""
        return await self.reader.delivery_attempts(delivery_id)

    async def children(self, job_id: str, *, limit: int = 200) -> tuple[Job, ...]:
        """See the contract."""
        return await self.reader.children(job_id, limit=limit)

    async def log_lines(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[LogLine, ...]:
        """See the contract."""
        return await self.reader.log_lines(job_id, after=after, limit=limit)

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """See the contract."""
        return await self.reader.events(query)

    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """See the contract."""
        return await self.reader.state(plugin, key)

    async def states(
        self, plugin: str, *, prefix: str = "", after: str = "", limit: int = 200
    ) -> tuple[StateEntry, ...]:
        """See the contract."""
        return await self.reader.states(plugin, prefix=prefix, after=after, limit=limit)

    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """See the contract."""
        return await self.reader.artifacts(job_id)

    async def lost(self, now: int, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """See the contract."""
        return await self.reader.lost(now, worker=worker, limit=limit)

    async def last_id(self) -> str | None:
        """See the contract."""
        return await self.reader.last_id()

    async def ready(self) -> None:
        """See the contract."""
        await self.reader.ready()

    async def aclose(self) -> None:
        """Close the readers."""
        await self.reader.aclose()

    def close(self) -> None:
        """Move what the WAL holds into the file, close it and let go of it."""
        try:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except apsw.Error as error:
            # Nothing is lost: the WAL is read at the next open.
            log.warning("store.checkpoint_failed", error=str(error))
        self.connection.close()
        self._lock.release()


def _open(file: Path, synchronous: Synchronous) -> tuple[FileLock, Connection]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Links resolved, so that two names of one file have one lock.
        lock = FileLock(file.resolve())
    except OSError as error:
        msg = f"{file.parent} cannot be made: {error.strerror}"
        raise StoreError(msg) from error
    connection: Connection | None = None
    try:
        with contextlib.suppress(OSError):  # SQLite has a word for it
            make_private(file)
        connection = connect(file)
        check(connection)
        configure(connection, synchronous)
        migrate(connection)
        # Only now: a migration makes tables anew that others name.
        connection.pragma("foreign_keys", 1)
    except (apsw.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        lock.release()
        if isinstance(error, StoreError):
            raise
        msg = f"{file} cannot be used: {error}"
        raise StoreError(msg) from error
    return lock, connection
