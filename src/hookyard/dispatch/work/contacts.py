"""Which workers call in. Kept here as it happens, and written down now and then."""

import asyncio
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.work.ask import HOLDER, WorkAsk, holder
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import WorkerRecord
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import PutWorker, Store

WRITTEN: Final = 10_000
"""Milliseconds between two times that a worker is written down, at least."""
STALE: Final = 90_000
"""Milliseconds of silence after which a worker counts as gone: three of the longest waits for a claim."""
SHOWN: Final = 500
"""Workers in the list."""
_MOST: Final = 10_000
"""Workers kept in memory; names are the workers' own, and nobody holds them to a few."""
_log = log.get("work")


class Worker(Struct, frozen=True):
    """A worker, and how it is."""

    record: WorkerRecord
    stale: bool
    running: tuple[str, ...]
    """The ids of the jobs that it holds, at most 100."""


class _Known:
    __slots__ = ("record", "written")

    def __init__(self, record: WorkerRecord) -> None:
        self.record = record
        self.written = 0


class Contacts:
    """Takes notice of every call of a worker."""

    def __init__(self, store: Store, writer: Coalescer, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._loading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Go on from what is written down."""
        for record in await self._store.workers():
            known = self._known.setdefault((record.principal, record.name), _Known(record))
            known.written = record.last_contact

    def asked(self, ask: WorkAsk) -> None:
        """A worker asks for jobs."""
        now = self._clock.now()
        key = (ask.principal, ask.worker)
        before = self._known.get(key)
        if before is None:
            record = WorkerRecord(
                name=ask.worker,
                principal=ask.principal,
                tenant=ask.tenant,
                lanes=ask.lanes,
                affinity=ask.affinity,
                first_contact=now,
                last_contact=now,
            )
            self._known[key] = before = _Known(record)
            self._forget_oldest()
        else:
            before.record = replace(
                before.record, tenant=ask.tenant, lanes=ask.lanes, affinity=ask.affinity, last_contact=now
            )
        self._write(before, now)

    def told(self, holder: str, *, claimed: int = 0, completed: int = 0, failed: int = 0) -> None:
        """The worker that holds leases under this name has called, or got or ended so many jobs."""
        principal, _, name = holder.removeprefix(HOLDER).rpartition("/")
        known = self._known.get((principal, name))
        if known is None:
            return
        now, record = self._clock.now(), known.record
        known.record = replace(
            record,
            last_contact=now,
            claimed=record.claimed + claimed,
            completed=record.completed + completed,
            failed=record.failed + failed,
        )
        self._write(known, now)

    def flush(self) -> None:
        """Write down what has not been yet."""
        for known in self._known.values():
            if known.record.last_contact > known.written:
                self._write(known, self._clock.now(), at_once=True)

    async def all(self) -> list[Worker]:
        """Those known, the one with the last contact first; at most :data:`SHOWN`."""
        now = self._clock.now()
        records = [known.record for known in self._known.values()]
        records.sort(key=lambda record: record.last_contact, reverse=True)
        del records[SHOWN:]
        held = await self._store.held(HOLDER)
        return [
            Worker(record, now - record.last_contact > STALE, held.get(holder(record.principal, record.name), ()))
            for record in records
        ]

    def _write(self, known: _Known, now: int, *, at_once: bool = False) -> None:
        if not at_once and 0 <= now - known.written < WRITTEN:
            return
        try:
            self._writer.submit_lazy(PutWorker(now=now, worker=known.record))
        except (StoreUnavailable, StoreError) as error:
            _log.warning("worker.unwritten", worker=known.record.name, why=str(error))
        else:
            known.written = now

    def _forget_oldest(self) -> None:
        if len(self._known) > _MOST:
            oldest = min(self._known, key=lambda key: self._known[key].record.last_contact)
            del self._known[oldest]
