"""The schemas of ordinary plugins compile: a plugin in a child process is known by them alone."""

import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from hookyard.schema import of_type
from hookyard.schema.compile import compile_type

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag="hound"):
    name: str = "Rex"


class One(Struct, tag=1, tag_field="v"):
    x: int


class Two(Struct, tag=2, tag_field="v"):
    x: str


class Node(Struct):
    value: int
    left: "Node | None" = None
    right: "Node | None" = None


class Box(Struct, Generic[T]):
    content: T


class Row(Struct, array_like=True):
    id: int
    note: str = ""


class Pair(NamedTuple):
    key: str
    value: int


class Loose(TypedDict):
    p: int


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """A thing that is closed."""

    first_name: Annotated[str, Meta(pattern="^[A-Z]", max_length=5, description="Of a person.")]
    from_: int = msgspec.field(name="from", default=0)


class Holder(Struct):
    pet: Cat | Dog


class Numbered(Struct):
    either: One | Two | None


CASES: list[tuple[object, list[str], list[str]]] = [
    (
        Holder,
        ['{"pet":{"type":"Cat","lives":9}}', '{"pet":{"type":"hound"}}'],
        ['{"pet":{"type":"Cow"}}', '{"pet":{}}'],
    ),
    (Numbered, ['{"either":{"v":1,"x":1}}', '{"either":null}'], ['{"either":{"v":1,"x":"1"}}', '{"either":{"v":3}}']),
    (Colour, ['"red"'], ['"green"', "1"]),
    (Level, ["1"], ["3", '"1"']),
    (Literal["a", 1] | None, ['"a"', "1", "null"], ['"b"', "2"]),
    (Node, ['{"value":1,"left":{"value":2,"right":{"value":3}}}'], ['{"value":1,"left":{"value":"2"}}']),
    (Box[int], ['{"content":1}'], ['{"content":"1"}']),
    (Box[list[Box[str]]], ['{"content":[{"content":"a"}]}'], ['{"content":[{"content":1}]}']),
    (Row, ["[1]", '[1,"a"]'], ["[]", "[1,2]"]),
    (Pair, ['["a",1]'], ['["a"]', '["a","b"]']),
    (Loose, ['{"p":1}'], ["{}"]),
    (
        Strict,
        ['{"firstName":"Ada","from":3}'],
        ['{"firstName":"ada"}', '{"firstName":"Ada","x":1}', '{"first_name":"A"}'],
    ),
    (dict[str, Cat], ['{"a":{"type":"Cat","lives":1}}'], ['{"a":1}', "[]"]),
    (dict[int, str], ['{"1":"a"}'], ['{"1":1}']),
    (tuple[int, str], ['[1,"a"]'], ["[1]", '[1,"a",2]']),
    (tuple[int, ...], ["[1,2,3]", "[]"], ['["a"]']),
    (set[int], ["[1,2]", "[1,1]"], ['["a"]']),
    (frozenset[Literal["x"]], ['["x"]'], ['["y"]']),
    (Annotated[list[int], Meta(min_length=1, max_length=2)], ["[1]"], ["[]", "[1,2,3]"]),
    (int | str | None | list[int], ["1", '"a"', "null", "[1]"], ["1.5", '["a"]', "true"]),
    (Annotated[dt.datetime, Meta(tz=True)], ['"2024-02-29T00:00:00Z"'], ['"2024-02-29T00:00:00"', '"x"']),
    (dt.date, ['"2024-02-29"'], ['"2023-02-29"']),
    (dt.timedelta, ['"PT1H"'], ['"1h"']),
    (uuid.UUID, ['"00000000-0000-0000-0000-000000000000"'], ['"0"']),
    (bytes, ['"AAAA"'], ['"A*"']),
    (Annotated[bytes, Meta(min_length=1, max_length=3)], ['"AAAA"', '"AA=="'], ['""', '"AAAAAA=="']),
    (decimal.Decimal, ['"1.50"'], ['"x"']),
    (Annotated[float, Meta(gt=0, le=1)], ["0.5", "1"], ["0", "1.5"]),
    (Annotated[int, Meta(multiple_of=5, ge=0, lt=10)], ["0", "5"], ["10", "3"]),
    (Any, ["1", "null", "{}"], []),
    (msgspec.Raw, ["1", "[]"], []),
    (None, ["null"], ["0"]),
]


@pytest.mark.parametrize(("kind", "right", "wrong"), CASES, ids=[str(case[0])[:40] for case in CASES])
def test_what_a_plugin_takes_is_taken_by_the_type_made_of_its_schema(
    kind: object, right: list[str], wrong: list[str]
) -> None:
    made = compile_type(of_type(kind), "plugin.command.input")
    for body in right:
        msgspec.json.decode(body, type=made)
    for body in wrong:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=made)


class Defaults(Struct):
    count: int = 3
    colour: Colour = Colour.RED
    at: dt.date = dt.date(2024, 2, 29)
    pair: tuple[int, str] = (1, "a")
    tags: list[str] = []
    pet: Cat | Dog = msgspec.field(default_factory=lambda: Cat(lives=9))
    blob: bytes = b"abc"
    maybe: str | UnsetType = UNSET
    level: Level | None = None


def test_the_defaults_of_a_plugin_s_struct_are_those_of_the_type() -> None:
    made = compile_type(of_type(Defaults), "plugin.command.input")
    ours, theirs = (msgspec.to_builtins(msgspec.json.decode(b"{}", type=kind)) for kind in (made, Defaults))
    theirs.pop("pet")  # msgspec has no schema for what a function makes
    assert ours == theirs
