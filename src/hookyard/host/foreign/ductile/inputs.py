"""What a command takes: JSON Schema, or the short form `{field: type}`, as a Struct.

Ductile uses these schemas as documentation and holds no payload against them, so a schema that cannot be compiled
stops no plugin: the part that cannot becomes `any`, and a note says so.
"""

from collections.abc import Callable
from typing import Final, cast

from msgspec import Struct

from hookyard.errors import HookyardError
from hookyard.host.foreign.anything import AnyObject
from hookyard.schema.compile import compile_type

_TYPES: Final = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
_ANY: Final = frozenset({"any", "*"})
_SAYS_OBJECT: Final = frozenset(
    {"$schema", "$ref", "$defs", "properties", "patternProperties", "allOf", "anyOf", "oneOf"}
)
_BARE: Final = frozenset({"type", "title", "description", "additionalProperties", "$schema", "$id", "$defs"})
_BOUNDS: Final = frozenset({"required", "additionalProperties", "minProperties", "maxProperties"})

Schema = dict[str, object]


def input_of(schema: Schema | bool | None, name: str, note: Callable[[str], None], *, loose: bool) -> type[Struct]:
    """The type of a command's input.

    Args:
        schema: as the manifest has it; nothing, a boolean and `{}` take any object.
        name: of the type.
        note: told what of the schema is not held to, and why.
        loose: the input may be an event as well as the payload that the schema is of: members are checked where they
            are there, and none is asked for or refused.
    """
    if isinstance(schema, bool) or not schema:
        return AnyObject
    whole = dict(schema) if _is_json_schema(schema) else {"type": "object", "properties": dict(schema)}
    properties = whole.get("properties")
    if isinstance(properties, dict):
        definitions = {key: whole[key] for key in ("$defs",) if key in whole}
        whole["properties"] = _members(cast("Schema", properties), definitions, name, note)
    if loose:
        whole = {key: value for key, value in whole.items() if key not in _BOUNDS}
    if not whole.get("properties") and whole.keys() <= _BARE | {"properties"}:
        return AnyObject
    try:
        compiled: object = compile_type(whole, name)
    except HookyardError as error:
        note(f"it takes any object: {error}")
        return AnyObject
    if not (isinstance(compiled, type) and issubclass(compiled, Struct)):
        note("it takes any object: its schema is not of one")
        return AnyObject
    return compiled


def _members(properties: Schema, definitions: Schema, name: str, note: Callable[[str], None]) -> Schema:
    """The schemas of the members, each of which can be compiled."""
    checked: Schema = {}
    for key, given in properties.items():
        schema: object = given
        if isinstance(given, str):
            schema = {"type": given} if given in _TYPES else {}
            if given not in _TYPES | _ANY:
                note(f"{key} takes anything: there is no type {given!r}")
        elif given is None or isinstance(given, bool):
            schema = {}
        if schema:
            try:
                compile_type({"type": "object", "properties": {key: schema}, **definitions}, name)
            except HookyardError as error:
                note(f"{key} takes anything: {error}")
                schema = {}
        checked[key] = schema
    return checked


def _is_json_schema(schema: Schema) -> bool:
    """Whether it is one, and no short form that has a field `type`: a payload is an object, or not described."""
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in cast("list[object]", kind)):
        return True
    return any(key.startswith("$") or isinstance(schema[key], dict | list) for key in _SAYS_OBJECT & schema.keys())
