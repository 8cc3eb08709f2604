"""The paths of events, in the OpenAPI document."""

from hookyard.gateway.events import EventListQuery, EventPage
from hookyard.gateway.openapi.parts import Group, Known, Object, shown


def _paths(known: Known) -> Object:
    asked = known.parameters(EventListQuery)
    return {"/api/v1/events": shown("Events, newest first", EventPage, known, tag="events", parameters=asked)}


GROUP = Group(kinds=(EventPage,), queries=(EventListQuery,), paths=_paths)
