"""What verified requests are whose event or delivery id does not always stand in the same place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from hookyard.config.model import Place, ReadingSettings
from hookyard.inbound.decoding import decoded_as
from hookyard.inbound.reading import DEFAULT_EVENT, Reading
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.model.inbound import DELIVERY, EVENT

MIXED: Final = "mixed"
"""The event of a request that carries several of different kinds."""


class Told(Struct, frozen=True):
    """What a body says of itself."""

    event: str | None = None
    delivery: str | None = None


class Chosen(Reading):
    """A reading that takes the delivery id from the first of some headers that is there, or asks the body what it is.

    Args:
        settings: the rest of what is read, and where event and delivery id stand most often.
        headers: that may have the delivery id; without any of them it is the digest of the body.
        tell: what says of a body of JSON what it is.
    """

    def __init__(
        self, settings: ReadingSettings, headers: Sequence[str] = (), tell: Callable[[bytes], Told] | None = None
    ) -> None:
        super().__init__(settings)
        rest = replace(settings, event=settings.event if tell is None else None, delivery=None)
        self._by_header = [(name.lower().encode(), _with_delivery(rest, name)) for name in headers]
        self._otherwise = Reading(rest)
        self._tell = tell

    def read(self, request: InboundRequest, *, source: str, keep_headers: bool) -> Received:
        """Return what a request is; see :class:`Reading`."""
        reading = next((one for name, one in self._by_header if name in request.headers), self._otherwise)
        received = reading.read(request, source=source, keep_headers=keep_headers)
        if self._tell is not None:
            told = self._tell(received.body)
            received.event = told.event if told.event and EVENT.fullmatch(told.event) else DEFAULT_EVENT
            if told.delivery and DELIVERY.fullmatch(told.delivery):
                received.delivery = told.delivery
        return received


def _with_delivery(settings: ReadingSettings, header: str) -> Reading:
    return Reading(replace(settings, delivery=Place(header=header)))


class _Typed(Struct):
    type: str | None = None


class _Notification(Struct):
    change: str | None = field(name="changeType", default=None)
    lifecycle: str | None = field(name="lifecycleEvent", default=None)


class _Notifications(Struct):
    value: list[_Notification]


class _GridEvent(Struct):
    type: str = field(name="eventType")
    id: str | None = None


def standard_webhooks(body: bytes) -> Told:
    """The member `type`; some senders leave it out."""
    found = decoded_as(_Typed, body)
    return Told() if found is None else Told(found.type)


def microsoft_graph(body: bytes) -> Told:
    """What the notifications tell of, if all of them tell of the same."""
    found = decoded_as(_Notifications, body)
    return Told() if found is None else Told(_one({item.change or item.lifecycle for item in found.value}))


def event_grid(body: bytes) -> Told:
    """The type of the events, if all are of the same; and the id, if there is but one event."""
    items = decoded_as(list[_GridEvent], body) or []
    return Told(_one({item.type for item in items}), items[0].id if len(items) == 1 else None)


def _one(names: set[str | None]) -> str | None:
    return names.pop() if len(names) == 1 else MIXED if names else None


TELLS: Final[Mapping[str, Callable[[bytes], Told]]] = {
    "azure-event-grid": event_grid,
    "microsoft-graph": microsoft_graph,
    "standard-webhooks": standard_webhooks,
}
"""Per verifier."""
