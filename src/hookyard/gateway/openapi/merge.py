"""The body of a JSON merge patch (RFC 7396), in the OpenAPI document."""

from collections.abc import Mapping
from typing import Final

from hookyard.gateway.openapi.parts import Known, Object

_NULL: Final[Object] = {"type": "null"}
_MEDIA: Final = ("application/json", "application/merge-patch+json")
_PREFIX: Final = "#/components/schemas/"


def merge_patch(known: Known, kind: type, *, without: tuple[str, ...] = ()) -> Object:
    """The request body that changes what a Struct shows: all its keys, none of them needed, null where one goes.

    Args:
        known: the schemas; the Struct is one of them.
        kind: what is changed.
        without: the keys that cannot be.
    """
    schema = _patch(known[kind], known.components)
    schema["properties"] = {key: one for key, one in schema["properties"].items() if key not in without}
    return {"required": True, "content": {media: {"schema": schema} for media in _MEDIA}}


def _patch(schema: Object, components: Mapping[str, Object]) -> Object:
    """The schema of what is laid over something of this schema."""
    if "$ref" in schema:
        found = components[schema["$ref"].removeprefix(_PREFIX)]
        # What is a scalar there stays the component that it is.
        return _patch(found, components) if found.get("type") == "object" else schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [_patch(one, components) for one in schema["anyOf"]]}
    if schema.get("type") != "object":
        return schema
    made = {key: value for key, value in schema.items() if key not in {"required", "title", "default"}}
    if "properties" in made:
        made["properties"] = {key: _or_null(one, components) for key, one in made["properties"].items()}
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = _or_null(made["additionalProperties"], components)
    return made


def _or_null(schema: Object, components: Mapping[str, Object]) -> Object:
    patch = {key: value for key, value in _patch(schema, components).items() if key != "default"}
    if _NULL in patch.get("anyOf", ()):
        return patch
    described = {key: patch.pop(key) for key in ("description",) if key in patch}
    members = patch["anyOf"] if patch.keys() == {"anyOf"} else [patch]
    return {"anyOf": [*members, _NULL], **described}
