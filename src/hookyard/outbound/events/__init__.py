"""The catalogue of events: what can be told, and what each says."""

from hookyard.outbound.events.catalogue import BY_NAME, EVENT_TYPES, EventType, Group, body, sample, schema
from hookyard.outbound.events.doubt import command_doubt, doubt
from hookyard.outbound.events.known import KnownType, known_types, sample_of

__all__ = [
    "BY_NAME",
    "EVENT_TYPES",
    "EventType",
    "Group",
    "KnownType",
    "body",
    "command_doubt",
    "doubt",
    "known_types",
    "sample",
    "sample_of",
    "schema",
]
