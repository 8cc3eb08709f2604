"""Which endpoints have dead letters of the last day: known in memory, and looked up by one row each when it is asked.

An endpoint whose receiver refuses one event in twenty is live, its last attempt arrived, and what it refused is lost
all the same.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

from msgspec import Struct

from hookyard.clock import Clock
from hookyard.errors import StoreUnavailable
from hookyard.ids import join, key
from hookyard.model import Delivery
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.store.contract import DeliveriesFound, DeliveryQuery

RECENT: Final = 86_400_000
"""Milliseconds for which a dead letter counts."""
MOST_CHECKED: Final = 200
"""Of so many endpoints, those with the newest, it is looked up whether the dead letter is still there."""
_LOOKED_AT: Final = 20
"""Of an endpoint's dead letters so many, those made last, are looked at for one of the last day."""
_BY_HAND: Final = frozenset({"abandoned", "endpoint_removed"})
"""What ended so is what somebody wanted."""


class Finds(Protocol):
    """Of the store what is needed here."""

    async def find_deliveries(self, query: DeliveryQuery) -> DeliveriesFound:
        """A page of deliveries, newest first."""
        ...


class _Last(Struct, frozen=True):
    """The last that was seen of an endpoint."""

    at: int
    delivery_id: str
    epoch: int


def is_sample(delivery: Delivery) -> bool:
    """Whether somebody sent it by hand, to try the endpoint: it tells of no job and of no event."""
    return delivery.job_id is None and delivery.event_id is None


class RecentDead:
    """Keeps the book of it.

    Args:
        endpoints: those that there are.
        clock: where time comes from.
    """

    def __init__(self, endpoints: Endpoints, clock: Clock) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._last: dict[str, _Last] = {}
        self._store: Finds | None = None

    async def load(self, store: Finds) -> None:
        """Learn what the store has, at the start: one short look by an index for each endpoint."""
        self._store = store
        with suppress(StoreUnavailable):
            for entry in list(self._endpoints):
                found = await self._newest(store, entry.row.name, entry.row.epoch)
                if found is not None and entry.row.name not in self._last:
                    self._last[entry.row.name] = found

    def note(self, delivery: Delivery, at: int) -> None:
        """One has failed for good, and that is on disk."""
        name = delivery.endpoint
        entry = None if name is None else self._endpoints.get(name)
        if name is not None and entry is not None and entry.row.epoch == delivery.epoch and not is_sample(delivery):
            self._last[name] = _Last(at, delivery.id, delivery.epoch)

    def at(self, name: str) -> int | None:
        """When the last one of an endpoint came to be, as far as it is known; see :meth:`names`."""
        last = self._last.get(name)
        return None if last is None or last.at <= self._clock.now() - RECENT else last.at

    async def names(self) -> Mapping[str, int]:
        """When the last dead letter of the last day came to be, by endpoint; without those that were sent again since.

        Of the newest :data:`MOST_CHECKED` each is looked up; what the store cannot say now counts.
        """
        since = self._clock.now() - RECENT
        for name, last in list(self._last.items()):
            entry = self._endpoints.get(name)
            if last.at <= since or entry is None or entry.row.epoch != last.epoch:
                del self._last[name]
        newest = sorted(self._last.items(), key=lambda one: one[1].at, reverse=True)
        if self._store is not None:
            with suppress(StoreUnavailable):
                for name, last in newest[:MOST_CHECKED]:
                    await self._check(self._store, name, last)
        return {name: last.at for name, last in self._last.items()}

    async def _check(self, store: Finds, name: str, last: _Last) -> None:
        # The one row, found as a page of a list: those come without bodies, which may be large.
        after = join(key(last.delivery_id) + 1, 0)
        page = await store.find_deliveries(DeliveryQuery(endpoint=name, status="failed", before=after, limit=1))
        if any(each.id == last.delivery_id and _counts(each, last.epoch, last.at - 1) for each in page.deliveries):
            return
        other = await self._newest(store, name, last.epoch)
        if self._last.get(name) is not last:
            return  # a new one came meanwhile
        if other is None:
            del self._last[name]
        else:
            self._last[name] = other

    async def _newest(self, store: Finds, name: str, epoch: int) -> _Last | None:
        since = self._clock.now() - RECENT
        page = await store.find_deliveries(DeliveryQuery(endpoint=name, status="failed", limit=_LOOKED_AT))
        found = [
            _Last(each.completed_at, each.id, epoch)
            for each in page.deliveries
            if each.completed_at is not None and _counts(each, epoch, since)
        ]
        return max(found, key=lambda one: one.at, default=None)


def _counts(delivery: Delivery, epoch: int, since: int) -> bool:
    return (
        delivery.status == "failed"
        and delivery.epoch == epoch
        and (delivery.completed_at or 0) > since
        and delivery.last_error not in _BY_HAND
        and not is_sample(delivery)
    )
