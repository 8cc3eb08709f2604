"""Schemas of a few lines that stand for millions of types: compiled, shown and compared in little time, or refused."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import pytest

from hookyard.errors import SchemaError
from hookyard.schema import Change, Lock, LockedCommand, LockedEvent, diff, of_type, read_lock
from hookyard.schema.compile import compile_type
from hookyard.schema.example import example

Json = dict[str, Any]
_SOON: Final = 60.0
"""Seconds of the processor. What is bounded takes a few at most; without a bound it would take days."""


@contextmanager
def soon() -> Generator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < _SOON


def ref(level: int, root: str = "#/$defs") -> Json:
    return {"$ref": f"{root}/D{level}"}


def chain(levels: int, link: str, root: str = "#/$defs") -> Json:
    """Definitions each of which refers to the next one twice, in one of many ways; the last is a number."""

    def one(level: int) -> Json:
        following = [ref(level + 1, root), ref(level + 1, root)]
        names = ["a", "b", "c"]
        links: dict[str, Json] = {
            "anyOf": {"anyOf": following},
            "oneOf": {"oneOf": following},
            "tuple": {"type": "array", "prefixItems": following, "minItems": 2, "items": False},
            "row": {"type": "array", "prefixItems": following},
            "object": {"type": "object", "properties": dict.fromkeys(names, following[0]), "required": names},
            "list": {"type": "array", "items": {"anyOf": following}, "minItems": 500},
            "map": {"type": "object", "additionalProperties": {"anyOf": following}},
            "nested": {"anyOf": [{"type": "array", "items": each} for each in following]},
        }
        return links[link]

    return {f"D{level}": one(level) for level in range(levels)} | {f"D{levels}": {"type": "integer"}}


@pytest.mark.parametrize("link", ["anyOf", "oneOf", "row", "object", "list", "map"])
def test_definitions_that_refer_to_the_next_one_twice_are_made_once(link: str) -> None:
    schema = {"type": "object", "properties": {"x": ref(0)}, "required": ["x"], "$defs": chain(24, link)}
    with soon():
        kind = compile_type(schema, "test.data")
        assert len(msgspec.json.encode(of_type(kind))) < 100_000
        assert len(msgspec.json.encode(example(kind))) < 1_000_000


def test_a_schema_that_stands_for_millions_of_types_is_refused_with_its_place() -> None:
    schema = {"type": "object", "properties": {"x": ref(0)}, "$defs": chain(24, "tuple")}
    with soon(), pytest.raises(SchemaError, match="it refers to, the schema comes to more than 50000 types") as caught:
        compile_type(schema, "test.data")
    assert caught.value.path.startswith("/$defs/D")


def test_alternatives_that_are_repeated_at_every_level_are_refused_when_they_are_too_many() -> None:
    definitions: Json = {
        f"D{n}": {"anyOf": [ref(n + 1), *({"const": f"{n}-{k}"} for k in range(20))]} for n in range(100)
    }
    definitions["D100"] = {"const": "end"}
    with soon(), pytest.raises(SchemaError, match="more than 50000 types and alternatives"):
        compile_type({"type": "object", "properties": {"x": ref(0)}, "$defs": definitions}, "test.data")


def test_an_enum_of_very_many_values_and_an_object_of_very_many_properties_are_taken() -> None:
    values = [f"v{number}" for number in range(60_000)]
    properties: Json = {f"p{number}": {"type": "integer"} for number in range(10_000)}
    with soon():
        kind = compile_type({"type": "object", "properties": {**properties, "x": {"enum": values}}}, "test.data")
        assert msgspec.json.decode(b'{"x":"v59999"}', type=kind).x == "v59999"


def locked(types: Json) -> Lock:
    command = LockedCommand(input=ref(0, "#/types"), output={"type": "integer"})
    return Lock(plugins={}, commands={"a/go": command}, types=types)


@pytest.mark.parametrize("link", ["anyOf", "tuple", "row", "object", "list", "map", "nested"])
def test_locks_of_such_definitions_are_read_and_compared(link: str) -> None:
    old = chain(40, link, "#/types")
    new = {**old, "D40": {"type": "string"}}
    with soon():
        read_lock(msgspec.json.encode(locked(old)), "a.json")
        found = diff(locked(old), locked(new))
    assert found
    assert found[0].breaking


def test_types_that_are_too_large_to_be_compared_break_when_they_have_changed() -> None:
    def of_lists(kind: str) -> Lock:
        lists = [{"type": "array", "items": {"type": kind}, "minItems": number} for number in range(600)]
        return locked({"D0": {"anyOf": lists}})

    with soon():
        found = diff(of_lists("integer"), of_lists("string"))
    assert found[0] == Change("a/go", "input", "", "the types are too large to tell what has changed")
    assert diff(of_lists("integer"), of_lists("integer")) == ()


def test_a_list_of_alternatives_that_holds_itself_is_compared() -> None:
    def tree(kind: str) -> Lock:
        return locked({"D0": {"anyOf": [{"type": "array", "items": ref(0, "#/types")}, {"type": kind}]}})

    found = diff(tree("integer"), tree("string"))
    assert [(change.pointer, change.message) for change in found if change.breaking] == [
        ("/items", "an integer is no longer taken"),
        ("", "an integer is no longer taken"),
    ]


def test_a_long_enum_that_has_changed_is_compared_by_what_is_in_it_and_not_value_by_value() -> None:
    def rang(first: int, *more: object) -> Lock:
        values = [*(f"v{number}" for number in range(first, 50_000 + first)), *more]
        event = LockedEvent(data={"type": "object", "properties": {"a": {"enum": values}}})
        return Lock(plugins={}, commands={}, types={}, events={"till/rang": event})

    with soon():
        found = diff(rang(0), rang(1))
        assert [change.message for change in found] == [
            'the value "v50000" may be given now',
            'the value "v0" is no longer given',
        ]
        assert [change.message for change in diff(rang(0), rang(0, 1))] == ["the value 1 may be given now"]
        assert diff(rang(0), rang(25_000))[0].message.endswith(" and 24992 more may be given now")
