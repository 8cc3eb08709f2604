"""A schema as the plain alternatives it stands for."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

Schema = Mapping[str, Any]
Kind = Literal["any", "value", "null", "boolean", "integer", "number", "string", "array", "object"]

_WORDS: Mapping[Kind, str] = {
    "any": "any value",
    "null": "null",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "array": "a list",
}


class Shape(Struct, frozen=True, eq=False):
    """One alternative: of one kind, with references followed."""

    kind: Kind
    schema: Schema
    name: str = ""
    """What it was referred to by."""

    @property
    def value(self) -> object:
        """Of the kind `value`: the one it takes."""
        return self.schema["const"]

    @property
    def is_integer(self) -> bool:
        """Whether all its values are integers."""
        return self.kind == "integer" or (self.kind == "value" and type(self.value) is int)

    def __str__(self) -> str:
        """What it takes, in words."""
        if self.kind == "value":
            return f"the value {msgspec.json.encode(self.value).decode()}"
        if self.kind == "object":
            word = "an object" if "properties" in self.schema else "a map"
            return f"{word} ({self.name.rsplit('.', 1)[-1]})" if self.name else word
        if self.kind == "string":
            return f"text ({form})" if (form := form_of(self.schema)) else "text"
        return _WORDS[self.kind]


def shapes(schema: Schema, types: Mapping[str, Schema]) -> Iterator[Shape]:
    """The alternatives of a schema; several where it is an `anyOf` or an `enum`.

    What is referred to twice is an alternative once: definitions that refer to the next one twice would be millions.

    Args:
        schema: as msgspec writes it.
        types: what it refers to, by the last part of the reference.
    """
    seen: set[str] = set()
    waiting: list[tuple[Schema, str]] = [(schema, "")]
    while waiting:
        each, name = waiting.pop()
        if "$ref" in each:
            name = str(each["$ref"]).rsplit("/", 1)[-1]
            if name not in seen:
                seen.add(name)
                waiting.append((types[name], name))
        elif "anyOf" in each:
            waiting += [(one, "") for one in reversed(each["anyOf"])]
        elif "enum" in each:
            for value in each["enum"]:
                yield Shape("null", {}) if value is None else Shape("value", {"const": value}, name)
        elif "type" in each:
            yield Shape(each["type"], each, name)
        else:
            yield Shape("any", each, name)


def form_of(schema: Schema) -> str:
    """How a text is written: `uuid`, `date-time`, `base64`; empty when it may be any."""
    for key in ("x-type", "format", "contentEncoding"):
        if key in schema:
            return str(schema[key])
    return ""
