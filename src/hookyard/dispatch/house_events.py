"""Events of Hookyard's own: a breaker that opens, a schedule that misses its time."""

import asyncio
from collections.abc import Callable, Mapping

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.outbox import Outbox
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import QUIET_HOUSE_EVENTS, Delivery, Event
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AppendEvents

_log = log.get("house")


class HouseEvents:
    """Stores events that no command emitted, with their deliveries to the endpoints that listen, in one transaction.

    Args:
        published: called with every event that is on disk and kept.
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
        """Store one without waiting for it; those of one caller keep their order.

        One of :data:`~hookyard.model.QUIET_HOUSE_EVENTS` that no endpoint names costs a look at a set.
        """
        if kind in QUIET_HOUSE_EVENTS and kind not in self._outbox.listeners:
            return
        task = asyncio.get_running_loop().create_task(self._try(kind, data, tenant))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def announce(self, kind: str, data: Mapping[str, object], tenant: str = "") -> Event:
        """Store one.

        Args:
            kind: its type, a noun and a verb: `breaker.opened`.
            data: its payload. One that has `endpoint` is about that one, which is never told of it.
            tenant: of what it is about: whose callers see it, and whose endpoints are told, besides those of none.

        Raises:
            StoreUnavailable: it is not stored.
        """
        now = self._clock.now()
        event, deliveries = self._outbox.announce(kind, data, now, tenant=tenant)
        kept = () if kind in QUIET_HOUSE_EVENTS else (event,)
        if not kept and not deliveries:
            return event
        written = False
        try:
            await self._writer.submit(AppendEvents(now=now, events=kept, deliveries=deliveries))
            written = True
        finally:
            if deliveries and not written:
                self._outbox.dropped(deliveries)
        self.stored(event, deliveries)
        return event

    def stored(self, event: Event, deliveries: tuple[Delivery, ...]) -> None:
        """Go on with one that is on disk, whoever wrote it: send its deliveries, tell the plugins that listen."""
        if deliveries:
            self._outbox.committed(deliveries)
        if self._published is not None and event.type not in QUIET_HOUSE_EVENTS:
            self._published(event)

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
