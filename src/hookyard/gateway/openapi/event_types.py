"""The paths of the types of events, in the OpenAPI document."""

from hookyard.gateway.event_type_views import EventTypes, OneEventType, OneEventTypeQuery
from hookyard.gateway.openapi.parts import Group, Known, Object, in_path, shown


def _paths(known: Known) -> Object:
    asked = [in_path("event_type", {"type": "string"}), *known.parameters(OneEventTypeQuery)]
    return {
        "/api/v1/event-types": shown("Types of events", EventTypes, known, tag="events"),
        "/api/v1/event-types/{event_type}": shown(
            "What a type of event says", OneEventType, known, "not_found", tag="events", parameters=asked
        ),
    }


GROUP = Group(kinds=(EventTypes, OneEventType), queries=(OneEventTypeQuery,), paths=_paths)
