"""The events that plugins declare, as the webhooks of the OpenAPI document: what a receiver gets."""

import re
from collections.abc import Iterable

from hookyard.context.events import EventSpec
from hookyard.gateway.openapi.parts import Object
from hookyard.outbound.events import body, known_types
from hookyard.schema import apart


def webhooks(declared: Iterable[tuple[str, EventSpec]]) -> tuple[Object, Object]:
    """Describe them in the standard envelope, whatever `outbound.envelope` says.

    Args:
        declared: the types of events, with the names of their plugins.

    Returns:
        By `plugin/type` what is sent, and the types that this refers to, as components.
    """
    found: Object = {}
    types: Object = {}
    for known in known_types(declared):
        kind = known.event_type
        if kind.group != "plugin" or kind.data is None:
            continue
        prefix = re.sub(r"[^A-Za-z0-9._-]", lambda odd: f"_{ord(odd[0]):x}_", f"event.{known.plugin}.{kind.type}")
        told, more = apart(kind.data, prefix, template="#/components/schemas/{name}")
        types |= more
        name = f"{known.plugin}/{kind.type}"
        found[name] = {
            "post": {
                "operationId": f"Event {name}",
                "tags": ["events"],
                "summary": kind.description or kind.type,
                "requestBody": {"required": True, "content": {"application/json": {"schema": body(kind, told)}}},
                "responses": {"2XX": {"description": "Taken."}},
            }
        }
    return found, types
