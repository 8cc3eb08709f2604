import re
from enum import Enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hookyard import Context, Plugin
from hookyard.schema import components, of_command


class Colour(Enum):
    RED = "red"


class Part(Struct):
    """One part."""

    colour: Annotated[Colour, Meta(description="As the eye sees it.")]


class In(Struct):
    """What is to be built."""

    parts: list[Part]
    size: Annotated[int, Meta(ge=1, description="In metres.")] = 1
    notes: dict[str, object] = {}


def _local(name: str) -> tuple[type[Struct], type[Struct]]:
    """Two types of one name, as functions make them."""
    first: Any = type(name, (Struct,), {"__annotations__": {"a": int}, "__module__": "made"})
    second: Any = type(name, (Struct,), {"__annotations__": {"b": str}, "__module__": "made"})
    return first, second


def _plugin(name: str, *pairs: tuple[object, object]) -> Plugin[None]:
    """A plugin with a command `c0`, `c1`, ... for each pair of input and output types."""
    plugin = Plugin(name)
    for index, (taken, given) in enumerate(pairs):

        async def command(data: object, ctx: Context) -> None: ...

        command.__annotations__ |= {"data": taken, "return": given}
        declare: Any = plugin.command(name=f"c{index}")
        declare(command)
    return plugin


def _references(schema: object) -> set[str]:
    return set(re.findall(r'"\$ref":"([^"]+)"', msgspec.json.encode(schema).decode()))


def test_a_command_has_a_schema_of_its_input_and_one_of_its_output() -> None:
    schema = of_command(_plugin("lab", (In, list[Part])).commands["c0"])
    given = schema.input["$defs"]["In"]
    assert given["description"] == "What is to be built."
    assert given["properties"]["size"] == {"type": "integer", "minimum": 1, "default": 1, "description": "In metres."}
    assert given["required"] == ["parts"]
    assert schema.output["items"] == {"$ref": "#/$defs/Part"}
    assert schema.output["$defs"]["Colour"] == {"title": "Colour", "enum": ["red"]}


def test_any_json_value_may_be_written_as_object() -> None:
    schema = of_command(_plugin("lab", (In, None)).commands["c0"])
    notes = schema.input["$defs"]["In"]["properties"]["notes"]
    assert notes["additionalProperties"] == {"description": "Any JSON value."}
    assert schema.output == {"type": "null"}


def test_many_commands_share_their_types_under_their_plugins_name() -> None:
    first, second = _plugin("a", (In, Part), (Part, In)), _plugin("b", (In, None))
    commands, types = components([*first.commands.values(), *second.commands.values()])
    assert commands["a/c0"].input == {"$ref": "#/components/schemas/a.In"}
    assert commands["a/c1"].output == {"$ref": "#/components/schemas/a.In"}
    assert commands["b/c0"].input == {"$ref": "#/components/schemas/b.In"}
    assert set(types) == {"a.In", "a.Part", "a.Colour", "b.In", "b.Part", "b.Colour"}


def test_every_reference_leads_somewhere() -> None:
    commands, types = components(_plugin("a", (In, list[Part])).commands.values(), template="#/$defs/{name}")
    found = _references([types, *([each.input, each.output] for each in commands.values())])
    assert found == {f"#/$defs/{name}" for name in types}


def test_types_that_even_their_module_calls_by_one_name_are_told_apart() -> None:
    one, two = _local("Same")
    commands, types = components(_plugin("a", (one, two), (two, None)).commands.values())
    properties = {key: list(schema["properties"]) for key, schema in types.items()}
    assert properties == {"a.c0.input.Same": ["a"], "a.c0.output.Same": ["b"], "a.c1.input.Same": ["b"]}
    assert commands["a/c0"].output == {"$ref": "#/components/schemas/a.c0.output.Same"}
