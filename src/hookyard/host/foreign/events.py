"""The events that a plugin of another program declares, each with the JSON Schema of its data."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from hookyard.command import as_struct
from hookyard.context.events import EventSpec, declared_type_problem

S = TypeVar("S")
Report = Callable[[str, str], None]
"""Takes a key path and what is wrong there."""


def declared_events(
    plugin: str, schemas: Mapping[str, S], at: str, compiled: Callable[[S, str, str], object], report: Report
) -> dict[str, EventSpec]:
    """The types of events, by name; what cannot be is reported and left out.

    Args:
        plugin: the plugin's name.
        schemas: what it declares, by type.
        at: the key path at which they stand.
        compiled: makes a type of a schema, given the type's name and the schema's key path; None when it has reported
            why it cannot.
        report: takes what is wrong beyond that.
    """
    found: dict[str, EventSpec] = {}
    for kind, schema in schemas.items():
        place = f"{at}.{kind}"
        if why := declared_type_problem(kind, noted=True):
            report(place, f"the event type {kind!r} {why}")
            continue
        data = compiled(schema, f"{plugin}.{_type_name(kind)}", place)
        if data is None:
            continue
        struct = as_struct(data)
        if struct is None or struct.__struct_config__.array_like:
            report(place, "the data of an event is an object with named properties, or any object")
        else:
            found[kind] = EventSpec(kind, struct)
    return found


def _type_name(kind: str) -> str:
    """`order.placed` as the name of a type, where its schema has no title: `OrderPlaced`."""
    return "".join(word.capitalize() for word in re.split(r"[\W_]+", kind)) or "Event"
