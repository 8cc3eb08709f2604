"""The keywords of JSON Schema that types are made of, by what they say something about."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Final, cast

from msgspec import Meta

from hookyard.errors import SchemaError

Keywords = Mapping[str, object]

NOTES: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$id"}
    | {"$schema", "$defs", "$anchor"}
)
"""They say nothing of which values are right."""
SHOWN: Final = ("deprecated", "readOnly", "writeOnly", "$comment")
"""Notes that msgspec has no name for, and that are carried along."""

_NUMBER: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
BY_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "null": frozenset(),
    "boolean": frozenset(),
    "integer": _NUMBER,
    "number": _NUMBER,
    "string": frozenset({"minLength", "maxLength", "pattern", "format", "contentEncoding"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset(
        {"properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"}
    ),
}
"""Which keywords each `type` has."""
KNOWN: Final = frozenset({"type", "enum", "const", "anyOf", "oneOf", "discriminator", "$ref"}.union(*BY_TYPE.values()))

TYPE_OF: Final[Mapping[type, str]] = {
    NoneType: "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"
}  # fmt: skip
"""What `type` calls the values of JSON."""


def properties_of(schema: Keywords, at: str) -> tuple[Keywords, list[str]]:
    """What an object's schema says of its properties, and which must be there."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, Mapping):
        raise SchemaError(f"{at}/properties", "an object of schemas is expected")
    if not isinstance(required, list) or not all(isinstance(name, str) for name in cast("list[object]", required)):
        raise SchemaError(f"{at}/required", "a list of names is expected")
    return cast("Keywords", properties), cast("list[str]", required)


def fixed(schema: Keywords) -> dict[str, str | int]:
    """The properties that must be there and that have one value only."""
    found: dict[str, str | int] = {}
    properties, required = properties_of(schema, "")
    for name, each in properties.items():
        if name in required and isinstance(each, Mapping):
            value = cast("Keywords", each)
            values = [value["const"]] if "const" in value else value.get("enum")
            if isinstance(values, list) and len(cast("list[object]", values)) == 1:
                only = cast("list[object]", values)[0]
                if isinstance(only, str | int) and not isinstance(only, bool):
                    found[name] = only
    return found


def listed(schema: Keywords, at: str) -> list[object]:
    """The values of `enum` and `const`, of those that `type` allows."""
    values = schema.get("enum", [schema.get("const")])
    if not isinstance(values, list) or not values:
        raise SchemaError(f"{at}/enum", "a list of values is expected")
    if "const" in schema:
        values = [value for value in cast("list[object]", values) if value == schema["const"]]
    given = schema.get("type")
    if given is not None:
        kinds = cast("list[object]", given if isinstance(given, list) else [given])
        values = [value for value in cast("list[object]", values) if TYPE_OF.get(type(value)) in kinds]
    if not values:
        raise SchemaError(at, "no value is left that const, enum and type allow")
    return cast("list[object]", values)


def noted(kind: object, schema: Keywords) -> object:
    """The type with the notes of its schema."""
    told: dict[str, Any] = {}
    for word in ("title", "description"):
        if isinstance(schema.get(word), str):
            told[word] = schema[word]
    if isinstance(schema.get("examples"), list):
        told["examples"] = schema["examples"]
    shown = {word: schema[word] for word in (*SHOWN, "default") if word in schema}
    if shown:
        told["extra_json_schema"] = shown
    return Annotated[kind, Meta(**told)] if told else kind


def escape(name: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
