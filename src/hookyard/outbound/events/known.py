"""All types of events that there are with these plugins: Hookyard's own, and what plugins declare or have told."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hookyard.clock import rfc3339
from hookyard.context.events import EventSpec
from hookyard.model import HOUSE, Event
from hookyard.outbound.events.catalogue import EVENT_TYPES, EventType, sample
from hookyard.outbound.events.samples import SAMPLE_EVENT, SAMPLE_JOB
from hookyard.outbound.message import EmittedData
from hookyard.outbound.message import Event as Body
from hookyard.schema.example import example

_COMMAND: Final = "sample"
"""The command that a sample says emitted it: any of its plugin may."""


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
        made = EventType(type=spec.type, group="plugin", description=spec.summary, data=spec.data)
        found[spec.type, plugin] = KnownType(plugin=plugin, event_type=made)
    for event in told:
        if event.plugin != HOUSE and (event.type, event.plugin) not in found:
            made = EventType(type=event.type, group="plugin", description="", data=None)
            found[event.type, event.plugin] = KnownType(plugin=event.plugin, event_type=made, declared=False)
    for key in sorted(found):
        yield found[key]


def sample_of(known: KnownType, now: int) -> bytes | None:
    """A body of this type as it would be sent at this time; None when nobody has said what its data is.

    What a plugin declares is filled with the defaults of its type, and made up where there are none. It may be that
    this finds nothing that the type takes: then there is no sample either.
    """
    kind = known.event_type
    if kind.group != "plugin":
        return sample(kind, now)
    if kind.data is None:
        return None
    payload = msgspec.json.encode(example(kind.data))
    if EventSpec(kind.type, kind.data).problem(payload) is not None:
        return None
    data = EmittedData(
        event_id=SAMPLE_EVENT, plugin=known.plugin, command=_COMMAND, job_id=SAMPLE_JOB, payload=Raw(payload)
    )
    return msgspec.json.encode(Body(kind.type, rfc3339(now), data))
