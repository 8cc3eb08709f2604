"""A value is made for every type that plugins use, and it is one of that type."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import jsonschema
import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from hookyard.schema import of_type
from hookyard.schema.example import example


class Colour(Enum):
    """A few."""

    RED = "red"
    BLUE = "blue"


class Line(Struct):
    """One line."""

    sku: Annotated[str, Meta(min_length=8, max_length=8)]
    count: Annotated[int, Meta(ge=5)] = 7


class Everything(Struct):
    """All kinds of members."""

    name: str
    colour: Colour
    kind: Literal["a", "b"]
    lines: Annotated[list[Line], Meta(min_length=2)]
    pair: tuple[int, str]
    tags: set[str]
    more: dict[str, int]
    at: datetime
    there: Annotated[datetime, Meta(tz=True)]
    here: Annotated[datetime, Meta(tz=False)]
    day: date
    hour: time
    length: timedelta
    key: UUID
    price: Decimal
    raw: bytes
    choice: int | str | None
    left_out: str | UnsetType = UNSET
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    few: Annotated[int, Meta(gt=1, lt=3)] = 2
    small: Annotated[str, Meta(max_length=2)] = ""
    anything: object = None


class Tree(Struct):
    """Holds itself."""

    name: str
    first: "Tree | None"
    others: "list[Tree]" = msgspec.field(default_factory=list["Tree"])


class Cat(Struct, tag="cat"):
    """One of two."""

    lives: int


class Dog(Struct, tag="dog"):
    """The other."""

    tricks: list[str]


class Pet(Struct):
    """Either."""

    pet: Cat | Dog


class Bounds(Struct):
    """Numbers and texts within bounds, without defaults."""

    share: Annotated[float, Meta(gt=0, lt=1)]
    few: Annotated[int, Meta(gt=1, lt=3)]
    below: Annotated[int, Meta(le=-5)]
    even: Annotated[int, Meta(multiple_of=2)]
    small: Annotated[str, Meta(max_length=2)]
    long: Annotated[str, Meta(min_length=20)]
    many: Annotated[list[int], Meta(min_length=3)]
    none: Annotated[list[int], Meta(max_length=0)]


class Nothing(Struct):
    """Has no members."""


@pytest.mark.parametrize("kind", [Everything, Tree, Pet, Bounds, Nothing, Line])
def test_an_example_is_what_its_schema_and_its_type_say(kind: type[Struct]) -> None:
    schema = of_type(kind)
    made = example(kind)
    jsonschema.validate(made, schema)
    text = json.dumps(made).encode()
    assert isinstance(msgspec.json.decode(text, type=kind), kind)
    assert json.dumps(example(kind)).encode() == text


def test_what_a_type_gives_as_an_example_is_taken() -> None:
    class Person(Struct):
        name: Annotated[str, Meta(examples=["Ada"])]
        age: int = 36

    assert example(Person) == {"name": "Ada", "age": 36}


class Chain(Struct):
    """Can never be made."""

    next: "Chain"


def test_a_type_that_must_hold_itself_for_ever_has_an_example_that_ends() -> None:
    assert json.dumps(example(Chain)).count("next") <= 16
