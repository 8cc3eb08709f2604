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


class Prepared:
    """An event that goes into somebody's transaction; :meth:`committed` or :meth:`dropped` must follow.

    Attributes:
        event: what happened.
        events: the same, when it is one that is kept.
        deliveries: of it, some of which hold places in the courier.
    """

    __slots__ = ("_dropped", "_stored", "deliveries", "event", "events")

    def __init__(
        self,
        event: Event,
        deliveries: tuple[Delivery, ...],
        stored: Callable[[Event, tuple[Delivery, ...]], None],
        dropped: Callable[[tuple[Delivery, ...]], None],
    ) -> None:
        self.event = event
        self.events = () if event.type in QUIET_HOUSE_EVENTS else (event,)
        self.deliveries = deliveries
        self._stored = stored
        self._dropped = dropped

    def committed(self) -> None:
        """It is on disk: send it."""
        self._stored(self.event, self.deliveries)

    def dropped(self) -> None:
        """It was not written: free its places."""
        if self.deliveries:
            self._dropped(self.deliveries)


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
        if self._is_unheard(kind):
            return
        task = asyncio.get_running_loop().create_task(self._try(kind, data, tenant))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "") -> Prepared | None:
        """One to be written by the caller, in the transaction that does what it tells of; None when nobody hears it."""
        return None if self._is_unheard(kind) else self._prepare(kind, data, tenant)

    async def announce(self, kind: str, data: Mapping[str, object], tenant: str = "") -> Event:
        """Store one.

        Args:
            kind: its type, a noun and a verb: `breaker.opened`.
            data: its payload. One that has `endpoint` is about that one, which is never told of it.
            tenant: of what it is about: whose callers see it, and whose endpoints are told, besides those of none.

        Raises:
            StoreUnavailable: it is not stored.
        """
        made = self._prepare(kind, data, tenant)
        if not made.events and not made.deliveries:
            return made.event
        written = False
        try:
            op = AppendEvents(now=made.event.created_at, events=made.events, deliveries=made.deliveries)
            await self._writer.submit(op)
            written = True
        finally:
            if not written:
                made.dropped()
        made.committed()
        return made.event

    def stored(self, event: Event, deliveries: tuple[Delivery, ...]) -> None:
        """Go on with one that is on disk, whoever wrote it: send its deliveries, tell the plugins that listen."""
        if deliveries:
            self._outbox.committed(deliveries)
        if self._published is not None and event.type not in QUIET_HOUSE_EVENTS:
            self._published(event)

    def _is_unheard(self, kind: str) -> bool:
        return kind in QUIET_HOUSE_EVENTS and kind not in self._outbox.listeners

    def _prepare(self, kind: str, data: Mapping[str, object], tenant: str) -> Prepared:
        event, deliveries = self._outbox.announce(kind, data, self._clock.now(), tenant=tenant)
        return Prepared(event, deliveries, self.stored, self._outbox.dropped)

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
