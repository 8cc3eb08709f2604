"""Schemas from outside that are none of Hookyard's: each is one sentence with its place."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hookyard.client.generate import client_module, lock_of_gateway
from hookyard.errors import ConfigError
from hookyard.schema import Lock, diff, read_lock

REF = {"$ref": "#/types/a.X"}
OTHER: dict[str, Any] = {"type": "object", "properties": {"kind": {"enum": ["other"]}}, "required": ["kind"]}


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        found = {"type": "array", "items": found}
    return found


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"$ref": "#/types/a.Gone"}, "/types/a.X/$ref", "#/types/a.Gone is not there"),
    (REF, "/types/a.X", "the type refers to itself and to nothing else"),
    ({"anyOf": [{"type": "null"}, REF]}, "/types/a.X", "the type refers to itself and to nothing else"),
    ({"type": "object", "properties": {"n": True}}, "/types/a.X/properties/n", "a schema is an object here"),
    ({"type": "object", "properties": [1]}, "/types/a.X/properties", "it must be an object"),
    ({"type": "object", "properties": {}, "required": "n"}, "/types/a.X/required", "it must be a list of texts"),
    ({"anyOf": 3}, "/types/a.X/anyOf", "it must be a list with something in it"),
    ({"anyOf": []}, "/types/a.X/anyOf", "it must be a list with something in it"),
    ({"type": "array", "prefixItems": 3}, "/types/a.X/prefixItems", "it must be a list"),
    ({"type": "array", "items": {"anyOf": ["x"]}}, "/types/a.X/items/anyOf/0", "a schema is an object here"),
    ({"type": ["string", "null"]}, "/types/a.X/type", "it must be one word of JSON Schema's"),
    ({"enum": [{}]}, "/types/a.X/enum", "it must be a list of texts, numbers, true, false or null"),
    ({"type": "string", "maxLength": "long"}, "/types/a.X/maxLength", "it must be a number from 0 on"),
    ({"type": "integer", "minimum": "0"}, "/types/a.X/minimum", "it must be a number"),
    ({"anyOf": [{"$ref": "#/types/a.Y"}], "discriminator": {}}, "/types/a.X/discriminator", "#/types/a.Y has no one"),
    (nested(150), "/types/a.X" + "/items" * 101, "there are more than 100 schemas within each other"),
]


def lock_text(schema: object, key: str = "a/go") -> bytes:
    types = {"a.X": schema, "a.Y": OTHER}
    commands = {key: {"input": REF, "output": {"type": "integer"}}}
    return msgspec.json.encode({"hookyard_lock": 1, "plugins": {"a": None}, "commands": commands, "types": types})


def document(schema: object) -> dict[str, Any]:
    place = "#/components/schemas/a.X"
    done = {"allOf": [{}, {"properties": {"result": {"type": "integer"}}}]}
    post = {
        "requestBody": {"content": {"application/json": {"schema": {"properties": {"payload": {"$ref": place}}}}}},
        "responses": {"200": {"content": {"application/json": {"schema": done}}}},
        "summary": "",
        "description": "",
        "deprecated": False,
    }
    return {"paths": {"/trigger/a/go": {"post": post}}, "components": {"schemas": {"a.X": schema, "a.Y": OTHER}}}


@pytest.mark.parametrize(("schema", "place", "said"), WRONG)
def test_a_malformed_schema_is_a_sentence_with_its_place(schema: dict[str, Any], place: str, said: str) -> None:
    outside = msgspec.json.decode(msgspec.json.encode(document(schema)).replace(b"#/types/", b"#/components/schemas/"))
    reads: list[Callable[[], Lock]] = [
        lambda: read_lock(lock_text(schema), "x"),
        lambda: lock_of_gateway(outside, "x"),
    ]
    for read in reads:
        with pytest.raises(ConfigError) as caught:
            read()
        (problem,) = caught.value.problems
        assert (problem.path, problem.message[: len(said)]) == (place, said)


@pytest.mark.parametrize("wrong", [True, 3, [], "x"])
def test_a_type_that_is_no_object_is_said_with_its_place(wrong: object) -> None:
    reads: list[Callable[[], Lock]] = [
        lambda: read_lock(lock_text(wrong), "x"),
        lambda: lock_of_gateway(document(wrong), "x"),
    ]
    for read in reads:
        with pytest.raises(ConfigError, match=r"Expected `object`, got .*types"):
            read()


@pytest.mark.parametrize("key", ["a", "a/b/c", "/a", ""])
def test_a_command_is_of_a_plugin(key: str) -> None:
    with pytest.raises(ConfigError, match="is no plugin/command"):
        read_lock(lock_text(OTHER, key), "x")


def test_a_document_that_is_nested_too_deeply_or_of_other_types_is_said() -> None:
    listed: dict[str, Any] = {"paths": [], "components": {"schemas": {}}}
    for wrong in (document(nested(5000)), listed, {**document(OTHER), "x-plugins": 3}):
        with pytest.raises(ConfigError, match="this is no OpenAPI document of Hookyard's"):
            lock_of_gateway(wrong, "x")


def test_types_that_refer_to_themselves_within_an_object_or_a_list_are_taken() -> None:
    for recursive in (
        {"type": "object", "properties": {"next": {"anyOf": [REF, {"type": "null"}]}}},
        {"type": "array", "items": {"anyOf": [REF, {"type": "integer"}]}},
        {"anyOf": [{"$ref": "#/types/a.Y"}], "discriminator": {"propertyName": "kind"}},
    ):
        lock = read_lock(lock_text(recursive), "x")
        assert client_module(lock, "1")
        assert diff(lock, lock) == ()
