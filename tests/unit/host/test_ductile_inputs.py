"""What a Ductile command takes: JSON Schema or the short form, and what becomes of a schema that is not understood."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hookyard.host.foreign.anything import AnyObject
from hookyard.host.foreign.ductile.inputs import Schema, input_of
from hookyard.schema import of_type

NOT_HELD_TO = {"type": "object", "properties": {"a": {"type": "string"}}, "if": {"required": ["a"]}}


def compiled(schema: Schema | bool | None, *, loose: bool = False) -> tuple[type[Struct], list[str]]:
    notes: list[str] = []
    return input_of(schema, "Input", notes.append, loose=loose), notes


def takes(kind: type[Struct], value: object) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "schema",
    [None, True, False, {}, {"type": "object"}, {"type": "object", "additionalProperties": True, "title": "t"}],
)
def test_what_says_nothing_of_its_members_takes_any_object(schema: Schema | bool | None) -> None:
    kind, notes = compiled(schema)
    assert kind is AnyObject
    assert notes == []
    assert takes(kind, {"a": 1, "b": [None]})
    assert not takes(kind, [1])


@pytest.mark.parametrize(
    ("word", "good", "bad"),
    [
        ("string", "x", 1),
        ("integer", 3, "3"),
        ("integer", 3, 3.5),
        ("number", 3.5, "x"),
        ("number", 3, True),
        ("boolean", False, 0),
        ("array", [1, "a", None], {}),
        ("object", {"a": [1]}, []),
        ("null", None, 0),
    ],
)
def test_the_short_form_names_types(word: str, good: object, bad: object) -> None:
    kind, notes = compiled({"field": word, "other": "string"})
    assert notes == []
    assert takes(kind, {"field": good})
    assert takes(kind, {}), "the short form asks for nothing"
    assert takes(kind, {"field": good, "more": 1})
    assert not takes(kind, {"field": bad})


def test_a_member_of_the_short_form_may_be_a_schema() -> None:
    kind, notes = compiled({"mode": {"type": "string", "enum": ["a", "b"]}, "extra": {}, "all": "any", "none": None})
    assert notes == []
    assert takes(kind, {"mode": "a", "extra": 1, "all": [2], "none": 3})
    assert not takes(kind, {"mode": "c"})


@pytest.mark.parametrize("word", ["string?", "String", "list[int]"])
def test_a_word_that_is_no_type_takes_anything_and_is_noted(word: str) -> None:
    kind, notes = compiled({"field": word, "other": "integer"})
    assert takes(kind, {"field": [1]})
    assert not takes(kind, {"other": "x"})
    assert notes == [f"field takes anything: there is no type {word!r}"]


@pytest.mark.parametrize("schema", [{"type": "string", "url": "string"}, {"type": "string"}, {"properties": "object"}])
def test_a_field_called_like_a_keyword_is_a_field(schema: Schema) -> None:
    kind, notes = compiled(schema)
    assert notes == []
    assert [field.encode_name for field in msgspec.structs.fields(kind)] == list(schema)


def test_a_json_schema_is_held_to() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "url": {"type": "string", "description": "Where to look."},
            "pages": {"type": ["integer", "null"]},
            "logs": {"type": "array", "items": {"type": "object"}},
            "mode": {"$ref": "#/$defs/mode"},
        },
        "required": ["url"],
        "additionalProperties": False,
        "$defs": {"mode": {"type": "string", "enum": ["a", "b"]}},
    }
    kind, notes = compiled(schema)
    assert notes == []
    assert takes(kind, {"url": "x", "pages": None, "logs": [{"a": 1}], "mode": "a"})
    assert not any(takes(kind, value) for value in ({}, {"url": "x", "more": 1}, {"url": 1}, {"url": "x", "mode": "c"}))
    assert of_type(kind)["$defs"]["Input"]["properties"]["url"]["description"] == "Where to look."


def test_where_an_event_may_come_too_members_are_checked_and_none_is_asked_for_or_refused() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"url": {"type": "string"}},
        "required": ["url"],
        "additionalProperties": False,
    }
    kind, notes = compiled(schema, loose=True)
    assert notes == []
    assert takes(kind, {"type": "x.y", "payload": {"url": "x"}})
    assert not takes(kind, {"url": 1})


def test_a_member_outside_the_subset_takes_anything_and_the_rest_is_held_to() -> None:
    kind, notes = compiled(
        {
            "type": "object",
            "properties": {"a": {"type": "string", "not": {"const": "x"}}, "b": {"type": "integer"}},
            "required": ["a"],
        }
    )
    assert takes(kind, {"a": ["anything"]})
    assert not takes(kind, {"b": 1})
    assert not takes(kind, {"a": 1, "b": "x"})
    assert len(notes) == 1
    assert notes[0].startswith("a takes anything: ")
    assert "not" in notes[0]


@pytest.mark.parametrize(
    "schema",
    [
        NOT_HELD_TO,
        {"$ref": "https://example.com/schema.json"},
        {"type": ["object", "array"], "properties": {"a": {"type": "string"}}, "items": {"type": "string"}},
        {"type": "object", "properties": {"a": {}}, "required": "a"},
    ],
)
def test_a_whole_outside_the_subset_takes_any_object_and_is_noted(schema: Schema) -> None:
    kind, notes = compiled(schema)
    assert kind is AnyObject
    assert len(notes) == 1
    assert notes[0].startswith("it takes any object: ")
