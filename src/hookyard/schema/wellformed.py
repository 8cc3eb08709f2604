"""Whether the schemas of a lock that came from outside are such as Hookyard writes: the first fault and its place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

DEEPEST: Final = 100
"""Levels of one schema within another."""
_KINDS: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_TEXTS: Final = ("$ref", "description", "title", "format", "x-type", "contentEncoding", "pattern")
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS: Final = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_REFERENCE: Final = "#/types/"

Types = Mapping[str, Mapping[str, Any]]
Fault = tuple[str, str]
"""A JSON pointer and what is wrong there."""


def fault_of(types: Types, commands: Mapping[str, tuple[object, object]]) -> Fault | None:
    """The first thing wrong with the schemas of a lock; None when there is none.

    Args:
        types: what schemas refer to, by name.
        commands: what each takes and gives, by `plugin/command`.
    """
    starts: list[tuple[str, object]] = [(f"/types/{_escape(name)}", each) for name, each in types.items()]
    for key, (taken, given) in commands.items():
        if len([part for part in key.split("/") if part]) != 2 or key.count("/") != 1:  # noqa: PLR2004  plugin, command
            return f"/commands/{_escape(key)}", f"{key!r} is no plugin/command"
        place = f"/commands/{_escape(key)}"
        starts += [(f"{place}/input", taken), (f"{place}/output", given)]
    return _first(starts, types) or _circle(types)


def fault_of_events(events: Mapping[str, tuple[object, Types]]) -> Fault | None:
    """The first thing wrong with the schemas of a lock's events; None when there is none.

    Args:
        events: of each its data, and what that refers to, by `plugin/type`.
    """
    for key, (data, types) in events.items():
        place = f"/events/{_escape(key)}"
        if not all(key.partition("/")[::2]):
            return place, f"{key!r} is no plugin/type"
        starts: list[tuple[str, object]] = [(f"{place}/types/{_escape(name)}", each) for name, each in types.items()]
        if (fault := _first([*starts, (f"{place}/data", data)], types)) is not None:
            return fault
        if (fault := _circle(types)) is not None:
            return f"{place}{fault[0]}", fault[1]
    return None


def _first(starts: Sequence[tuple[str, object]], types: Types) -> Fault | None:
    """The first fault of some schemas and of all that is in them."""
    waiting = [(place, schema, 0) for place, schema in reversed(starts)]
    while waiting:
        place, schema, depth = waiting.pop()
        if not isinstance(schema, dict):
            return place, "a schema is an object here"
        if depth > DEEPEST:
            return place, f"there are more than {DEEPEST} schemas within each other"
        members = cast("dict[str, Any]", schema)
        fault = next(_faults(members, types), None)
        if fault is not None:
            return f"{place}/{_escape(fault[0])}", fault[1]
        waiting += [(f"{place}/{part}", each, depth + 1) for part, each in _inner(members)]
    return None


def _faults(schema: Mapping[str, Any], types: Types) -> Iterator[Fault]:
    """What is wrong with one schema itself; whether what is in it are schemas, is asked of them."""
    for words, right, said in _RULES:
        yield from ((word, f"it must be {said}") for word in words if word in schema and not right(schema[word]))
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.removeprefix(_REFERENCE) not in types:
        yield "$ref", f"{reference} is not there"
    if isinstance(schema.get("discriminator"), dict) and isinstance(schema.get("anyOf"), list):
        yield from _untold(schema, types)


def _untold(schema: Mapping[str, Any], types: Types) -> Iterator[Fault]:
    """A union that says by which property its types are told apart, and a type that has no value for it."""
    tag: object = schema["discriminator"].get("propertyName")
    for each in schema.get("anyOf", ()):
        reference = str(_object(each).get("$ref"))
        properties = _object(types.get(reference.removeprefix(_REFERENCE), {}).get("properties"))
        if not isinstance(tag, str) or not _is_values(_object(properties.get(tag)).get("enum")):
            yield "discriminator", f"{reference} has no one value for {tag!r}"


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The schemas in a schema, and where."""
    for name, each in schema.get("properties", {}).items():
        yield f"properties/{_escape(name)}", each
    for word in ("anyOf", "prefixItems"):
        yield from ((f"{word}/{index}", each) for index, each in enumerate(schema.get(word, ())))
    for word in ("items", "additionalProperties"):
        if word in schema and not isinstance(schema[word], bool):
            yield word, schema[word]
    if "propertyNames" in schema:
        yield "propertyNames", schema["propertyNames"]


def _circle(types: Types) -> Fault | None:
    """A type that is nothing but itself: reached from itself without a list or an object between."""
    done: set[str] = set()
    for first in types:
        path: list[tuple[str, list[str]]] = [(first, _same(types[first]))]
        within = {first}
        while path:
            name, rest = path[-1]
            if not rest:
                done.add(name)
                within.discard(name)
                path.pop()
            elif (following := rest.pop()) in within:
                return f"/types/{_escape(following)}", "the type refers to itself and to nothing else"
            elif following not in done:
                path.append((following, _same(types[following])))
                within.add(following)
    return None


def _same(schema: Mapping[str, Any]) -> list[str]:
    """The types that a value of this one may be of at once."""
    found: list[str] = []
    waiting: list[Mapping[str, Any]] = [schema]
    while waiting:
        each = waiting.pop()
        if "$ref" in each:
            found.append(str(each["$ref"]).removeprefix(_REFERENCE))
        else:
            waiting += each.get("anyOf", ())
    return found


def _object(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _is_values(value: object) -> bool:
    values = cast("list[object]", value) if isinstance(value, list) else []
    return bool(values) and all(each is None or isinstance(each, str | int | float) for each in values)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_some(value: object) -> bool:
    return isinstance(value, list) and value != []


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[object]", value)))


_RULES: Final[tuple[tuple[tuple[str, ...], Callable[[object], bool], str], ...]] = (
    (_TEXTS, _is_text, "text"),
    (_NUMBERS, _is_number, "a number"),
    (_COUNTS, _is_count, "a number from 0 on"),
    (("type",), lambda value: isinstance(value, str) and value in _KINDS, "one word of JSON Schema's"),
    (("properties", "discriminator"), lambda value: isinstance(value, dict), "an object"),
    (("anyOf",), _is_some, "a list with something in it"),
    (("prefixItems",), lambda value: isinstance(value, list), "a list"),
    (("enum",), _is_values, "a list of texts, numbers, true, false or null with something in it"),
    (("required",), _are_texts, "a list of texts"),
)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
