"""All types of events that there are with these plugins: Hookyard's own, and what plugins declare or have told."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from hookyard.context.events import EventSpec
from hookyard.model import HOUSE, Event
from hookyard.outbound.events.catalogue import EVENT_TYPES, EventType


class KnownType(Struct, frozen=True, kw_only=True):
    """A type of event, of one plugin."""

    plugin: str
    """`hookyard` for one of Hookyard's own, and for those of jobs."""
    event_type: EventType
    declared: bool = True
    """Whether it is known what its data is; one that is not was emitted by a command."""


def known_types(declared: Iterable[tuple[str, EventSpec]] = (), told: Iterable[Event] = ()) -> Iterator[KnownType]:
    """Hookyard's own first, then those of plugins, by type and plugin.

    Args:
        declared: what plugins declare, with their names.
        told: events that were emitted; of those that nobody declares, their types.
    """
    for each in EVENT_TYPES:
        yield KnownType(plugin=HOUSE, event_type=each)
    found: dict[tuple[str, str], KnownType] = {}
    for plugin, spec in declared:
        made = EventType(type=spec.type, group="plugin", description=_first_line(spec.data), data=spec.data)
        found[spec.type, plugin] = KnownType(plugin=plugin, event_type=made)
    for event in told:
        if event.plugin != HOUSE and (event.type, event.plugin) not in found:
            made = EventType(type=event.type, group="plugin", description="", data=None)
            found[event.type, event.plugin] = KnownType(plugin=event.plugin, event_type=made, declared=False)
    for key in sorted(found):
        yield found[key]


def _first_line(data: type[Struct]) -> str:
    return (data.__doc__ or "").strip().partition("\n")[0]
