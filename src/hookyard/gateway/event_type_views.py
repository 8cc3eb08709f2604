"""How types of events are asked for and shown."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from hookyard.outbound.events import Group


class OneEventTypeQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/event-types/{type}` can be asked."""

    plugin: Annotated[str, Meta(max_length=64)] | None = None
    """Whose, where several have one of this type; the first by name if left out."""


class EventTypeRow(Struct, frozen=True, kw_only=True):
    """A type of event."""

    type: str
    """As it stands in `events` of endpoints, and in bodies."""
    group: Group
    plugin: str
    """Whose commands emit it; `hookyard` for one of Hookyard's own and for those of jobs."""
    description: str
    quiet: bool
    """Whether it is told only to endpoints that name it: no glob finds it."""
    declared: bool
    """Whether its data is known; one that is not was emitted lately by a command whose plugin does not declare it."""


class OneEventType(EventTypeRow, frozen=True, kw_only=True):
    """A type of event, with what it says."""

    schema_: dict[str, Any] = field(name="schema")
    """JSON Schema (draft 2020-12) of the whole body."""
    sample: Raw | UnsetType = UNSET
    """A body, as `POST /api/v1/endpoints/{name}/test` sends it; of Hookyard's own."""


class EventTypes(Struct, frozen=True):
    """All types of events: Hookyard's own, then those of plugins, by type."""

    event_types: list[EventTypeRow]
