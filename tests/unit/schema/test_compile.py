import json
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import Struct
from tests.examples import examples

from hookyard.errors import SchemaError
from hookyard.schema import of_type
from hookyard.schema.compile import compile_type

Json = Any
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def takes(kind: object, value: Json) -> bool:
    try:
        msgspec.json.decode(json.dumps(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


# --- what JSON Schema says is what the type says ------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c-d", "class", "1st", "c_d", "__init__", "$ref", "é"])
LENGTHS = st.integers(0, 3)


def bounded(base: dict[str, Json], least: str, most: str) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries({}, optional={least: LENGTHS, most: LENGTHS}).map(lambda more: {**base, **more})


STRINGS = st.one_of(
    bounded({"type": "string"}, "minLength", "maxLength"),
    st.sampled_from(["^a", "b$", "[0-9]"]).map(lambda one: {"type": "string", "pattern": one}),
)
NUMBERS: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
        "exclusiveMinimum": st.integers(-3, 3),
        "exclusiveMaximum": st.integers(-3, 3),
        "multipleOf": st.integers(1, 3),
    },
)
LISTED = st.lists(st.sampled_from(["a", "b", "", 1, 2, None]), min_size=1, unique=True).map(lambda all_: {"enum": all_})
LEAVES: st.SearchStrategy[dict[str, Json]] = st.one_of(
    STRINGS, NUMBERS, LISTED, st.sampled_from([{"type": "null"}, {"type": "boolean"}, {}, {"const": "a"}])
)


def struct_of(properties: dict[str, Json], required: list[str], closed: bool) -> dict[str, Json]:
    more = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": properties, "required": required, **more}


def grown(inner: st.SearchStrategy[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    tagged = st.lists(
        st.dictionaries(NAMES.filter(lambda name: name != "a"), inner, max_size=2), min_size=2, max_size=3
    )
    return st.one_of(
        bounded({"type": "array"}, "minItems", "maxItems").flatmap(
            lambda base: inner.map(lambda item: {**base, "items": item})
        ),
        st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda items: st.sampled_from(
                [
                    {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)},
                    {"type": "array", "prefixItems": items, "minItems": 1},
                    {"type": "array", "prefixItems": items, "maxItems": len(items)},
                ]
            )
        ),
        st.builds(struct_of, st.dictionaries(NAMES, inner, max_size=3), st.lists(NAMES, max_size=2), st.booleans()),
        inner.map(lambda value: {"type": "object", "additionalProperties": value}),
        bounded({"type": "object"}, "minProperties", "maxProperties"),
        inner.map(lambda one: {"anyOf": [one, {"type": "null"}]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        tagged.map(
            lambda kinds: {
                "oneOf": [struct_of({"a": {"const": f"k{n}"}, **kind}, ["a"], False) for n, kind in enumerate(kinds)]
            }
        ),
        inner.map(lambda one: {"$ref": "#/$defs/x~1y", "$defs": {"x/y": one}}),
    )


SCHEMAS: st.SearchStrategy[dict[str, Json]] = st.recursive(LEAVES, grown, max_leaves=6)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.integers(-5, 5).map(lambda number: number + 0.5),  # 1.0 is told apart from 1, as documented
        st.sampled_from(["", "a", "ab", "b", "k0", "k1", "4", "éé", "abcd"]),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def fitting(draw: st.DrawFn, schema: Json) -> Json:
    """A value that is likely to be right: random ones are nearly all wrong."""
    match schema:
        case {"$ref": _, "$defs": {"x/y": inner}}:
            return draw(fitting(inner))
        case {"enum": values}:
            return draw(st.sampled_from(values))
        case {"const": value}:
            return value
        case {"anyOf": options} | {"oneOf": options}:
            return draw(fitting(draw(st.sampled_from(options))))
        case {"type": "array", "prefixItems": items}:
            return [draw(fitting(item)) for item in items][: draw(st.integers(0, 4))]
        case {"type": "array", "items": item}:
            return [draw(fitting(item)) for _ in range(draw(st.integers(0, 3)))]
        case {"type": "object", "properties": properties, "required": required}:
            skipped = draw(st.sets(st.sampled_from([*properties, "zz"])))
            there = [name for name in properties if name in required or name not in skipped]
            return {name: draw(fitting(properties[name])) for name in there}
        case {"type": "object", "additionalProperties": value}:
            return {draw(NAMES): draw(fitting(value))}
        case _:
            return draw(VALUES)


def standing_alone(schema: Json) -> Json:
    """The same with its definitions at the root, where the references look for them."""
    definitions: dict[str, Json] = {}

    def walk(given: Json) -> Json:
        if isinstance(given, list):
            return [walk(each) for each in cast("list[object]", given)]
        if not isinstance(given, dict):
            return given
        node = cast("dict[str, Json]", given)
        if "$defs" in node:
            name = f"x/{len(definitions)}"
            definitions[name] = None
            definitions[name] = walk(node["$defs"]["x/y"])
            return {"$ref": "#/$defs/" + name.replace("/", "~1")}
        return {key: walk(each) for key, each in node.items()}

    return {**walk(schema), "$defs": definitions} if "$defs" in json.dumps(schema) else schema


@settings(max_examples=examples(150), deadline=None, suppress_health_check=SLOW)
@given(data=st.data(), schema=SCHEMAS)
def test_a_type_takes_what_its_schema_takes(data: st.DataObject, schema: Json) -> None:
    value = data.draw(st.one_of(fitting(schema), VALUES))
    schema = standing_alone(schema)
    try:
        kind = compile_type(schema, "test.data")
    except SchemaError:
        return  # refused is never wrong
    check: Json = Draft202012Validator(schema)
    right: bool = check.is_valid(value)
    assert takes(kind, value) is right
    assert takes(compile_type(of_type(kind), "test.again"), value) is right, "the round trip changed it"


def test_the_comparison_above_compiles_more_than_half_of_what_it_draws() -> None:
    drawn = list[bool]()

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=SLOW, derandomize=True)
    @given(schema=SCHEMAS)
    def count(schema: Json) -> None:
        try:
            compile_type(standing_alone(schema), "test.data")
        except SchemaError:
            drawn.append(False)
        else:
            drawn.append(True)

    count()
    assert sum(drawn) > 0.5 * len(drawn)


# --- what is refused, and where -----------------------------------------------------------------------------------


REFUSED: list[tuple[Json, str, str]] = [
    ({"allOf": [{}]}, "/allOf", "the keyword 'allOf' is outside the subset"),
    ({"type": "object", "properties": {"a/b": {"not": {}}}}, "/properties/a~1b/not", "outside the subset"),
    ({"if": {}, "then": {}}, "/if", "outside the subset"),
    ({"type": "object", "patternProperties": {}}, "/patternProperties", "outside the subset"),
    ({"$ref": "https://example.com/x.json"}, "/$ref", "leads outside"),
    ({"$ref": "#/properties/x"}, "/$ref", "leads outside"),
    ({"$ref": "#/$defs/gone"}, "/$ref", "there is nothing at #/$defs/gone"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "/$defs/a/$ref", "refers to itself"),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}},
        "/$defs/a",
        "refers to itself without an object",
    ),
    ({"type": "text"}, "/type", "'text' is no type"),
    ({"type": []}, "/type", "no type is listed"),
    ({"type": "string", "minimum": 1}, "/minimum", "minimum does not stand beside type"),
    ({"properties": {}}, "/properties", "properties does not stand beside no type"),
    ({"type": "string", "pattern": "("}, "/pattern", "not a regular expression"),
    ({"type": "string", "format": "date", "minLength": 3}, "/format", "checked whole"),
    ({"type": ["string", "array"], "pattern": "^a"}, "", "pattern cannot stand beside"),
    ({"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "object"}]}, "", "pattern cannot stand beside"),
    ({"type": "string", "minLength": -1}, "/minLength", "a whole number from 0 on"),
    ({"type": "integer", "minimum": 0.5}, "/minimum", "an integer's bounds are integers"),
    ({"type": "integer", "minimum": 2**70}, "", "int64"),
    ({"type": "number", "multipleOf": 0}, "", "must be > 0"),
    ({"enum": [True]}, "/enum", "only strings, integers and null"),
    ({"enum": [1.5]}, "/enum", "only strings, integers and null"),
    ({"enum": []}, "/enum", "a list of values"),
    ({"type": "string", "const": 1}, "", "no value is left"),
    ({"anyOf": []}, "/anyOf", "a list of schemas"),
    ({"anyOf": [{"type": "string"}, {"type": "string", "format": "uuid"}]}, "", "cannot be told apart"),
    ({"anyOf": [{"type": "string"}, {"const": "a"}]}, "", "another allows any of them"),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "/oneOf/1", "use anyOf"),
    (
        {"anyOf": [{"type": "object", "properties": {}}, {"type": "object", "properties": {"a": {}}}]},
        "",
        "objects cannot be told apart",
    ),
    (
        {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        "/additionalProperties",
        "true or false",
    ),
    ({"type": "object", "properties": {"a": False}}, "/properties/a", "no value is allowed"),
    ({"type": "object", "properties": {"a": 5}}, "/properties/a", "a schema is an object"),
    ({"type": "object", "properties": [], "required": []}, "/properties", "an object of schemas"),
    ({"type": "object", "properties": {}, "required": "a"}, "/required", "a list of names"),
    ({"type": "array", "prefixItems": [{}], "items": {"type": "string"}}, "/items", "true or false"),
    ({"type": "array", "prefixItems": [{}], "minItems": 2}, "", "it has 1 places"),
    ({"type": "array", "contains": {}}, "/contains", "outside the subset"),
]


@pytest.mark.parametrize(("schema", "path", "reason"), REFUSED)
def test_what_is_outside_the_subset_is_refused_with_its_place(schema: Json, path: str, reason: str) -> None:
    with pytest.raises(SchemaError) as caught:
        compile_type(schema, "test.data")
    assert (caught.value.path, reason in caught.value.reason) == (path, True), str(caught.value)


def test_a_schema_nested_without_end_is_refused() -> None:
    schema: Json = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    with pytest.raises(SchemaError, match="nested too deeply"):
        compile_type(schema, "test.data")


# --- what is kept -------------------------------------------------------------------------------------------------


def test_notes_are_kept() -> None:
    schema = {
        "title": "Greet",
        "description": "Who to greet.",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Of a person.", "examples": ["Ada"], "title": "Name"},
            "loud": {"type": "boolean", "default": False, "deprecated": True},
            "mail": {"type": "string", "format": "email"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "default": ["a"]},
        },
        "required": ["name"],
    }
    kind = compile_type(schema, "test.data")
    assert issubclass(kind, Struct)
    found = of_type(kind)
    assert found["$defs"]["Greet"] == schema


def test_defaults_are_filled_in_and_never_shared() -> None:
    properties = {
        "count": {"type": "integer", "default": 3},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
        "at": {"type": "string", "format": "date", "default": "2024-02-29"},
        "none": {"type": "string"},
    }
    kind = compile_type({"type": "object", "properties": properties}, "test.data")
    one, other = (msgspec.json.decode(b"{}", type=kind) for _ in range(2))
    assert msgspec.to_builtins(one) == {"count": 3, "tags": ["a"], "at": "2024-02-29"}
    one.tags.append("b")
    assert other.tags == ["a"]


def test_names_that_python_does_not_take_keep_their_own_in_json() -> None:
    names = ["class", "a-b", "a_b", "a b", "1", "", "__struct_fields__", "é"]
    properties: dict[str, Json] = {name: {} for name in names}
    kind = compile_type({"type": "object", "properties": properties}, "test.data")
    value = {name: number for number, name in enumerate(names)}
    assert msgspec.to_builtins(msgspec.convert(value, kind)) == value


def test_an_object_may_hold_itself() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#/$defs/Tree"}, "more": {"type": "array", "items": {"$ref": "#"}}},
        "additionalProperties": False,
    }
    kind = compile_type({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}, "test.data")
    assert takes(kind, {"left": {"left": {"more": [{"left": {}}]}}})
    assert not takes(kind, {"left": {"left": {"more": [{"right": {}}]}}})


def test_an_error_names_the_place_in_the_value() -> None:
    inner = {"type": "object", "properties": {"a-b": {"type": "integer"}}, "required": ["a-b"]}
    kind = compile_type({"type": "object", "properties": {"x": {"type": "array", "items": inner}}}, "test.data")
    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.x\[1\]\.a-b`"):
        msgspec.json.decode(b'{"x": [{"a-b": 1}, {"a-b": "2"}]}', type=kind)
