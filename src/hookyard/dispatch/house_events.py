"""Events of Hookyard's own: a breaker that opens, a schedule that misses its time."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.outbox import Outbox
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Event
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AppendEvents

_log = log.get("house")


class HouseEvents:
    """Stores events that no command emitted, with their deliveries to the endpoints that listen, in one transaction.

    Args:
        published: called with every event that is on disk.
    """

    def __init__(
        self, writer: Coalescer, outbox: Outbox, clock: Clock, published: Callable[[Event], None] | None = None
    ) -> None:
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self._published = published
        self._under_way: set[asyncio.Task[None]] = set()

    def soon(self, kind: str, data: Mapping[str, object], tenant: str = "") -> None:
        """Store one without waiting for it; those of one caller keep their order."""
        task = asyncio.get_running_loop().create_task(self._try(kind, data, tenant))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def announce(self, kind: str, data: Mapping[str, object], tenant: str = "") -> Event:
        """Store one.

        Args:
            kind: its type, a noun and a verb: `breaker.opened`.
            data: its payload.
            tenant: whose callers see it besides those of none.

        Raises:
            StoreUnavailable: it is not stored.
        """
        now = self._clock.now()
        event, deliveries = self._outbox.announce(kind, data, now)
        event = replace(event, tenant=tenant)
        written = False
        try:
            await self._writer.submit(AppendEvents(now=now, events=(event,), deliveries=deliveries))
            written = True
        finally:
            if deliveries:
                (self._outbox.committed if written else self._outbox.dropped)(deliveries)
        if self._published is not None:
            self._published(event)
        return event

    async def idle(self) -> None:
        """Wait for those under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _try(self, kind: str, data: Mapping[str, object], tenant: str) -> None:
        try:
            await self.announce(kind, data, tenant)
        except (StoreError, StoreUnavailable) as error:
            # What it is about has happened all the same, and the log says so.
            _log.warning("event.dropped", type=kind, why=str(error))
