"""JSON Schemas as Python types."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import msgspec

from hookyard.client.generate.names import class_name, member_name
from hookyard.client.generate.text import WIDTH, docstring, exploded, literal
from hookyard.schema import Lock, Schema
from hookyard.schema.lock import references
from hookyard.schema.shape import Shape, form_of, shapes

_TEXTS: Final[Mapping[str, str]] = {
    "date-time": "datetime.datetime",
    "any-date-time": "datetime.datetime",
    "local-date-time": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "any-time": "datetime.time",
    "partial-time": "datetime.time",
    "duration": "datetime.timedelta",
    "uuid": "uuid.UUID",
    "decimal": "decimal.Decimal",
    "base64": "bytes",
}
_KEYS: Final[Mapping[str, str]] = {**_TEXTS, "integer": "int", "number": "float"}
_SCALARS: Final[Mapping[str, str]] = {"null": "None", "boolean": "bool", "integer": "int", "number": "float"}
_UNSET: Final[Schema] = {"x-unset": True}
_IN_CLASSES: Final = ("Any", "Literal", "UNSET", "Union", "UnsetType")
"""What fields are written with: one called so would hide it from those below."""
_LIMITS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches `{}`",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}


class Types:
    """The types of a lock, each with a name of its own.

    Args:
        lock: what they are taken from.
        reserved: names that the module uses for something else.
    """

    def __init__(self, lock: Lock, reserved: frozenset[str]) -> None:
        self._lock = lock
        self.names = _names(lock, reserved)
        self._words = {*_IN_CLASSES, *self.names.values()}
        self._tags = dict(_tags(lock.schemas()))

    def annotation(self, schema: Schema) -> str:
        """The type of a value, as an annotation."""
        if schema is _UNSET:
            return "UnsetType"
        if "$ref" in schema:
            return self.names[_target(schema)]
        if "anyOf" in schema:
            members = [self.annotation(each) for each in schema["anyOf"]]
            unique = list(dict.fromkeys(members))
            return "Any" if "Any" in unique else " | ".join(sorted(unique, key=lambda each: each == "None"))
        if "enum" in schema:
            return f"Literal[{', '.join(map(literal, schema['enum']))}]"
        kind = schema.get("type")
        if kind == "string":
            form = next((schema[key] for key in ("x-type", "format", "contentEncoding") if key in schema), "")
            return _TEXTS.get(form, "str")
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return f"dict[{self._key(schema)}, {self.annotation(schema.get('additionalProperties', {}))}]"
        return _SCALARS.get(str(kind), "Any")

    def definitions(self) -> Iterator[list[str]]:
        """The lines of every class, then of every other named type, in an order that does not change."""
        ordered = sorted(self._lock.types, key=lambda name: self.names[name])
        for name in ordered:
            if "properties" in self._lock.types[name]:
                yield self._struct(name, self._lock.types[name])
        waiting = [name for name in ordered if "properties" not in self._lock.types[name]]
        while waiting:
            # What an alias is made of must stand before it; no two of them can be made of each other.
            ready = [one for one in waiting if not (references(self._lock.types[one]) & (set(waiting) - {one}))]
            for name in ready or waiting:
                yield self._alias(self.names[name], self._lock.types[name])
            waiting = [name for name in waiting if ready and name not in ready]

    # --- one of them ----------------------------------------------------------------------------------------------

    def _array(self, schema: Schema) -> str:
        parts = schema.get("prefixItems")
        if parts is None and "items" not in schema and schema.get("maxItems") == 0:
            return "tuple[()]"
        if parts is None:
            return f"list[{self.annotation(schema.get('items') or {})}]"
        if schema.get("minItems") == len(parts):
            return f"tuple[{', '.join(map(self.annotation, parts))}]"
        return f"list[{self.annotation({'anyOf': parts})}]"

    def _key(self, schema: Schema) -> str:
        names: Schema = schema.get("propertyNames", {})
        if "enum" in names:
            return self.annotation(names)
        return _KEYS.get(str(names.get("x-type", names.get("format", ""))), "str")

    def _alias(self, name: str, schema: Schema) -> list[str]:
        said = schema.get("description")
        lines = self._explode(f"{name}: TypeAlias = ", schema, "")
        return [*lines, *(docstring([said], "") if said else [])]

    def _explode(self, head: str, schema: Schema, indent: str, tail: str = "") -> list[str]:
        """An annotation after its head, over several lines where one is too short."""
        flat = f"{indent}{head}{self.annotation(schema)}{tail}"
        if len(flat) > WIDTH and "enum" in schema:
            return exploded(f"{head}Literal[", map(literal, schema["enum"]), f"]{tail}", indent)
        if len(flat) > WIDTH and "anyOf" in schema:
            members = {self.annotation(each): each for each in schema["anyOf"]}
            inner = [line for each in members.values() for line in self._explode("", each, f"{indent}    ", ",")]
            return [f"{indent}{head}Union[", *inner, f"{indent}]{tail}"]
        return [flat]

    def _struct(self, name: str, schema: Schema) -> list[str]:
        bases = ["Struct", "kw_only=True"]
        tag = self._tags.get(name)
        if tag is not None:
            bases += [f"tag_field={literal(tag)}", f"tag={literal(schema['properties'][tag]['enum'][0])}"]
        lines = [*exploded(f"class {self.names[name]}(", bases, "):", "")]
        said = schema.get("description") or f"`{name.rsplit('.', 1)[-1]}` of the plugin {name.partition('.')[0]}."
        lines += [*docstring([said], "    "), ""]
        taken: set[str] = set()
        for key, inner in schema["properties"].items():
            if key == tag:
                continue
            member = member_name(key, taken, self._words)
            taken.add(member)
            lines += self._field(member, key, inner, required=key in schema.get("required", ()))
        return lines[:-1] if lines[-1] == "" else lines

    def _field(self, member: str, key: str, schema: Schema, *, required: bool) -> list[str]:
        default = self._default(schema, required=required)
        shown = {"anyOf": [schema, _UNSET]} if default == "UNSET" else schema
        if member != key:
            value = f"field(name={literal(key)}" + (f", {_given(default)})" if default else ")")
        else:
            value = default or ""
        lines = self._explode(f"{member}: ", shown, "    ")
        lines[-1] += f" = {value}" if value else ""
        said = [str(schema["description"])] if schema.get("description") else []
        if limits := ", ".join(text.format(schema[word]) for word, text in _LIMITS.items() if word in schema):
            said.append(f"{limits[:1].upper()}{limits[1:]}.")
        if default == "UNSET" and "default" in schema:
            said.append(f"Left out, it is {msgspec.json.encode(schema['default']).decode()}.")
        return [*lines, *(docstring([" ".join(said)], "    ") if said else [])]

    def _default(self, schema: Schema, *, required: bool) -> str | None:
        """A field's default as Python; UNSET, which is not sent, where it is none that can be written plainly."""
        if required:
            only = schema.get("enum", ())
            return literal(only[0]) if len(only) == 1 else None
        value, kind = schema.get("default", _UNSET), self.annotation(schema)
        if (value == [] and kind.startswith("list[")) or (value == {} and kind.startswith("dict[")):
            return str(value)
        if value is None and kind == "Any":
            return "None"
        fits = any(_takes(each, value) for each in shapes(schema, self._lock.types))
        return literal(value) if fits else "UNSET"


def _takes(shape: Shape, value: object) -> bool:
    match value:
        case None:
            return shape.kind == "null"
        case bool():
            return shape.kind == "boolean"
        case int():
            return shape.kind in {"integer", "number"} or (shape.kind == "value" and shape.value == value)
        case float():
            return shape.kind == "number"
        case str():
            plain = shape.kind == "string" and not form_of(shape.schema)
            return plain or (shape.kind == "value" and shape.value == value)
        case _:
            return False


def _given(default: str) -> str:
    return (
        f"default_factory={'list' if default == '[]' else 'dict'}" if default in {"[]", "{}"} else f"default={default}"
    )


def _names(lock: Lock, reserved: frozenset[str]) -> dict[str, str]:
    """A class name for every type: its own, with the plugin's before it where two plugins have one of that name."""
    short = {name: class_name(name.rsplit(".", 1)[-1]) for name in sorted(lock.types)}
    often = Counter(short.values())
    taken = set(reserved)
    found: dict[str, str] = {}
    for name, plain in short.items():
        clashes = often[plain] > 1 or plain in reserved
        found[name] = class_name(f"{name.partition('.')[0]} {plain}" if clashes else plain, taken)
        taken.add(found[name])
    return found


def _tags(part: object) -> Iterator[tuple[str, str]]:
    """The types that a union tells apart, and by which property."""
    waiting: list[Any] = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            members = cast("dict[str, Any]", each)
            if "discriminator" in members:
                for name in references(members["anyOf"]):
                    yield name, members["discriminator"]["propertyName"]
            waiting += members.values()
        elif isinstance(each, list):
            waiting += each


def _target(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix("#/types/")
