"""Changes of endpoints as the store gets to see them: with the event that tells of them, in one transaction."""

from collections.abc import Callable, Mapping
from typing import Protocol, cast

import msgspec
from msgspec import Struct

from hookyard.model import Delivery, Event
from hookyard.outbound.events.house import BreakerTurned, DeliveryFailed, EndpointFact
from hookyard.store.contract import AppendEvents, Op, Together

Deliveries = tuple[Delivery, ...]


class Announcer(Protocol):
    """Of the outbox what is needed here."""

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, Deliveries]:
        """An event of Hookyard's own, and its deliveries."""
        ...

    def committed(self, deliveries: Deliveries) -> None:
        """They are on disk."""
        ...

    def dropped(self, deliveries: Deliveries) -> None:
        """They were not written."""
        ...


class Announcement(Struct, frozen=True):
    """What is to be told."""

    kind: str
    fact: EndpointFact | BreakerTurned | DeliveryFailed


class Change:
    """One transaction that is about to be written; :meth:`committed` or :meth:`dropped` must follow."""

    def __init__(
        self,
        op: Together,
        told: list[tuple[Event, Deliveries]],
        stored: "Stored",
        dropped: Callable[[Deliveries], None],
    ) -> None:
        self.op = op
        self._told = told
        self._stored = stored
        self._dropped = dropped

    def committed(self) -> None:
        """It is on disk: send what tells of it."""
        for event, deliveries in self._told:
            self._stored(event, deliveries)

    def dropped(self) -> None:
        """It was not written."""
        for _, deliveries in self._told:
            self._dropped(deliveries)


Stored = Callable[[Event, Deliveries], None]


class Telling:
    """Makes changes.

    Every one is a `Together`: the store applies those of one kind in the order in which they come, so that a later
    state never stands behind an earlier one.
    """

    def __init__(self, outbox: Announcer) -> None:
        self._outbox = outbox
        self.stored: Stored = self._send
        """Called with every event that is on disk; sends its deliveries. Whoever sets another one sees to that."""

    def change(self, now: int, announcements: list[Announcement], *ops: Op) -> Change:
        """The operations, and the events that tell of them."""
        told = [self.told(now, announcement) for announcement in announcements]
        appended = [AppendEvents(now=now, events=(event,), deliveries=deliveries) for event, deliveries in told]
        return Change(Together(now=now, ops=(*ops, *appended)), told, self.stored, self._outbox.dropped)

    def told(self, now: int, announcement: Announcement) -> tuple[Event, Deliveries]:
        """An event for somebody's own operation; :attr:`stored` or :meth:`dropped` must follow."""
        data = cast("Mapping[str, object]", msgspec.to_builtins(announcement.fact))
        return self._outbox.announce(announcement.kind, data, now, tenant=announcement.fact.tenant)

    def dropped(self, deliveries: Deliveries) -> None:
        """What :meth:`told` made was not written."""
        self._outbox.dropped(deliveries)

    def _send(self, event: Event, deliveries: Deliveries) -> None:
        del event
        if deliveries:
            self._outbox.committed(deliveries)
