"""What of a change breaks callers: one row for each kind of change."""

import copy
import datetime as dt
import itertools
import uuid
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict, cast

import msgspec
import pytest
from msgspec import Meta, Struct, defstruct

from hookyard.schema import compare, diff
from hookyard.schema.change import Change
from hookyard.schema.exact import complete
from hookyard.schema.lock import Lock, LockedEvent
from hookyard.signature import type_hook

Found = list[tuple[str, str, bool]]


def compared(side: Literal["input", "output"], old: object, new: object) -> Found:
    sides: list[tuple[dict[str, Any], Mapping[str, Any]]] = []
    for kind in (old, new):
        (schema,), types = msgspec.json.schema_components([kind], schema_hook=type_hook)
        complete([kind], [schema], types)
        sides.append((schema, types))
    return list(compare(side, sides[0][0], sides[1][0], (sides[0][1], sides[1][1])))


def broken(found: Found) -> list[tuple[str, str]]:
    return [(pointer, message) for pointer, message, breaking in found if breaking]


NUMBERS = itertools.count()


def record(**fields: object) -> type[Struct]:
    """A Struct of a name of its own; a field given as a pair has the second as its default."""
    found: list[Any] = []
    for name, each in fields.items():
        found.append((name, *cast("tuple[object, object]", each)) if isinstance(each, tuple) else (name, each))
    return defstruct(f"Record{next(NUMBERS)}", found, kw_only=True, rename={"odd": "a/b~"})


class Closed(Struct, forbid_unknown_fields=True):
    a: int


class Open(Struct):
    a: int


class OpenTwo(Struct):
    a: int
    b: int = 0


class ClosedTwo(Struct, forbid_unknown_fields=True):
    a: int
    b: int = 0


class Red(Enum):
    RED = "red"


class RedBlue(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(Struct, tag="cat"):
    lives: int = 9


class Dog(Struct, tag="dog"):
    name: str


class OtherDog(Struct, tag="dog"):
    name: int


class Hound(Struct, tag="hound"):
    name: str


class Tree(Struct):
    value: int
    children: list["Tree"] = []


class Plant(Struct):
    """A Tree under another name."""

    value: int
    children: list["Plant"] = []


class FloatTree(Struct):
    value: float
    children: list["FloatTree"] = []


class Even(Struct):
    next: Optional["Odd"] = None


class Odd(Struct):
    next: Even | None = None


class Chain(Struct):
    next: Optional["Chain"] = None


class Point(NamedTuple):
    x: int


class Point3(NamedTuple):
    x: int
    y: int = 0


class Row(Struct, array_like=True):
    x: int


class LongerRow(Struct, array_like=True):
    x: int
    y: int = 0


class Typed(TypedDict):
    a: int


class Partial(TypedDict, total=False):
    a: int


Small = Annotated[int, Meta(ge=0, le=10)]
Large = Annotated[int, Meta(ge=-5, le=100)]
Short = Annotated[str, Meta(max_length=5)]
Letters = Annotated[str, Meta(pattern="^[a-z]+$")]
Digits = Annotated[str, Meta(pattern="^[0-9]+$")]

# old, new, whether it breaks as an input, and as an output
CASES: list[tuple[object, object, bool, bool]] = [
    # the same, or the same under another name
    (int, int, False, False),
    (record(a=int), record(a=int), False, False),
    (Tree, Plant, False, False),
    (Chain, Even, False, False),
    (dict[str, Tree], dict[str, Plant], False, False),
    # fields
    (record(a=int), record(a=int, b=int), True, False),
    (record(a=int), record(a=int, b=(int, 1)), False, False),
    (record(a=int, b=int), record(a=int), True, True),
    (record(a=int, b=(int, 1)), record(a=int), True, True),
    (record(a=(int, 1)), record(a=int), True, False),
    (record(a=int), record(a=(int, 1)), False, True),
    (record(a=(int, 1)), record(a=(int, 2)), False, False),
    (record(a=int), record(b=int), True, True),
    (record(a=int | None), record(a=(int | None, None)), False, True),
    (record(a=record(b=int)), record(a=record(b=int, c=int)), True, False),
    (record(a=list[record(b=str)]), record(a=list[record(b=int)]), True, True),  # type: ignore[misc]
    (Open, Closed, True, False),
    (Closed, Open, False, False),
    (Closed, ClosedTwo, False, True),
    (Open, OpenTwo, False, False),
    (Typed, Partial, False, True),
    (Partial, Typed, True, False),
    # kinds
    (int, str, True, True),
    (int, float, False, True),
    (float, int, True, False),
    (bool, int, True, True),
    (str, list[str], True, True),
    (int, Any, False, True),
    (Any, int, True, False),
    (object, Any, False, False),
    (record(a=int), dict[str, int], False, True),
    (dict[str, int], record(a=(int, 0)), True, False),
    (dict[str, int], record(a=(str, "")), True, True),
    (record(a=int), record(a=str), True, True),
    # null and unions
    (int, int | None, False, True),
    (int | None, int, True, False),
    (None, int | None, False, True),
    (int | str, str | int, False, False),
    (int | str, int | str | None, False, True),
    (int | str | bool, int | str, True, False),
    (Cat | Dog, Cat | Dog | Hound, False, True),
    (Cat | Dog | Hound, Cat | Dog, True, False),
    (Cat | Dog, Cat | OtherDog, True, True),
    (Cat, Cat | Dog, False, True),
    (Dog, Hound, True, True),
    (int, int | float, False, True),
    (Annotated[int, Meta(ge=0)] | float, float, False, True),
    (float, Annotated[int, Meta(ge=0)] | float, True, False),
    # enums and literals
    (Red, RedBlue, False, True),
    (RedBlue, Red, True, False),
    (Red, str, False, True),
    (str, Red, True, False),
    (RedBlue, Literal["blue", "red"], False, False),
    (Literal[1, 2], int, False, True),
    (Literal[1, 2], Annotated[int, Meta(le=1)], True, True),
    (Literal[1, 2], Literal[1, 2] | None, False, True),
    (Annotated[int, Meta(ge=1, le=1)], Literal[1], True, False),
    (Literal["a"], Short, False, True),
    (Literal["longer than five"], Short, True, True),
    (Literal[1], float, False, True),
    # numbers
    (Small, Large, False, True),
    (Large, Small, True, False),
    (int, Small, True, False),
    (Annotated[int, Meta(gt=0)], Annotated[int, Meta(ge=1)], False, False),
    (Annotated[float, Meta(gt=0)], Annotated[float, Meta(ge=0)], False, True),
    (Annotated[int, Meta(multiple_of=6)], Annotated[int, Meta(multiple_of=3)], False, True),
    (Annotated[int, Meta(multiple_of=3)], Annotated[int, Meta(multiple_of=2)], True, True),
    # texts
    (str, Short, True, False),
    (Short, str, False, True),
    (Annotated[str, Meta(min_length=1)], Annotated[str, Meta(min_length=2)], True, False),
    (Letters, Digits, True, True),
    (Letters, str, False, True),
    (str, Letters, True, False),
    (str, dt.datetime, True, False),
    (dt.datetime, str, False, True),
    (Annotated[dt.datetime, Meta(tz=True)], dt.datetime, False, True),
    (dt.datetime, Annotated[dt.datetime, Meta(tz=True)], True, False),
    (dt.time, Annotated[dt.time, Meta(tz=False)], True, False),
    (dt.date, dt.datetime, True, True),
    (uuid.UUID, str, False, True),
    (str, uuid.UUID, True, False),
    (Decimal, str, False, True),
    (bytes, str, False, True),
    (Annotated[bytes, Meta(max_length=6)], Annotated[bytes, Meta(max_length=5)], True, False),
    # lists, sets, tuples
    (list[int], list[float], False, True),
    (list[int], Annotated[list[int], Meta(max_length=3)], True, False),
    (Annotated[list[int], Meta(min_length=1)], list[int], False, True),
    (list[int], set[int], True, False),
    (set[int], list[int], False, True),
    (tuple[int, str], list[int | str], False, True),
    (list[int], tuple[int, int], True, False),
    (tuple[int, int], tuple[int, str], True, True),
    (tuple[int], tuple[int, int], True, True),
    (Point, Point3, False, True),
    (Point3, Point, True, False),
    (Row, LongerRow, False, False),
    (list, list[int], True, False),
    # maps
    (dict[str, int], dict[str, float], False, True),
    (dict[str, int], dict[int, int], True, False),
    (dict[int, int], dict[str, int], False, True),
    (dict[str, int], Annotated[dict[str, int], Meta(max_length=2)], True, False),
    (dict[Literal["a"], int], dict[Literal["a", "b"], int], False, True),
    (record(a=int), dict[int, int], True, True),
    # recursion
    (Tree, FloatTree, False, True),
    (FloatTree, Tree, True, False),
]


@pytest.mark.parametrize(("old", "new", "as_input", "as_output"), CASES, ids=str)
def test_a_change_breaks_or_does_not(old: object, new: object, as_input: bool, as_output: bool) -> None:
    taken, given_ = compared("input", old, new), compared("output", old, new)
    assert (bool(broken(taken)), bool(broken(given_))) == (as_input, as_output), (taken, given_)


def test_what_is_the_same_has_no_differences_at_all() -> None:
    for kind in (Tree, record(a=list[int], b=dict[str, Cat | Dog]), dt.datetime, bytes, Point3, LongerRow):
        assert compared("input", kind, kind) == []


def deep(levels: int) -> LockedEvent:
    """A locked event of so many objects within each other."""
    types = {
        f"T{level}": {"type": "object", "properties": {"a": {"$ref": f"#/types/T{level - 1}"}}}
        for level in range(1, levels)
    }
    return LockedEvent(data={"$ref": f"#/types/T{levels - 1}"}, types={**types, "T0": {"type": "string"}})


def test_what_is_too_deep_to_be_compared_breaks_if_it_has_changed_and_not_if_it_is_the_same() -> None:
    old, new = (Lock(plugins={}, commands={}, types={}, events={"till/rang": deep(levels)}) for levels in (900, 901))
    assert diff(old, old) == ()
    assert diff(old, new) == (
        Change("till/rang", "event", "", "the types are nested too deeply to tell what has changed"),
    )


def test_a_long_enum_that_is_the_same_is_not_compared_value_by_value() -> None:
    data: dict[str, Any] = {"type": "object", "properties": {"a": {"enum": [f"v{n}" for n in range(50_000)]}}}
    old, new = (
        Lock(plugins={}, commands={}, types={}, events={"till/rang": LockedEvent(data=each)})
        for each in (data, copy.deepcopy(data))
    )
    assert diff(old, new) == ()


SENTENCES: list[tuple[Literal["input", "output"], object, object, str, str]] = [
    ("input", record(a=int), record(a=int, b=int), "/properties/b", "the field is new and required"),
    ("input", record(a=int, b=int), record(a=int), "/properties/b", "the field is gone"),
    (
        "input",
        record(a=(int, 1)),
        record(a=int),
        "/properties/a",
        "the field was optional and is required, since it has lost its default",
    ),
    ("output", record(a=int), record(a=(int, 1)), "/properties/a", "the field was required and is optional"),
    ("input", record(a=int), record(a=str), "/properties/a", "the type was an integer and is text"),
    ("input", list[int | None], list[int], "/items", "null is no longer taken"),
    ("output", int, int | None, "", "null may be given now"),
    ("input", RedBlue, Red, "", 'the value "blue" is no longer taken'),
    ("output", Red, RedBlue, "", 'the value "blue" may be given now'),
    (
        "input",
        record(odd=Small),
        record(odd=Letters),
        "/properties/a~1b~0",
        "the type was an integer and is text",
    ),
    ("input", Large, Small, "/minimum", "the minimum was -5 and is 0"),
    ("output", Short, str, "/maxLength", "the longest length was 5 and is not limited"),
    ("input", str, uuid.UUID, "", "the form was any text and is uuid"),
    ("input", FloatTree, Tree, "/properties/value", "the type was a number and is an integer"),
    ("output", Cat | Dog, Cat | OtherDog, "/properties/name", "the type was text and is an integer"),
    ("output", Cat | Dog, Cat | Dog | Hound, "", "an object (Hound) may be given now"),
    ("input", Open, Closed, "/additionalProperties", "what it has no field for was ignored and is refused"),
]


@pytest.mark.parametrize(("side", "old", "new", "pointer", "message"), SENTENCES, ids=lambda each: str(each)[:30])
def test_a_break_is_said_in_a_sentence_with_its_place(
    side: Literal["input", "output"], old: object, new: object, pointer: str, message: str
) -> None:
    assert (pointer, message) in broken(compared(side, old, new))


@pytest.mark.parametrize(
    ("side", "old", "new", "message"),
    [
        ("input", record(a=int), record(a=int, b=(int, 1)), "the field is new"),
        ("output", record(a=int), record(a=int, b=int), "the field is new"),
        ("input", int, int | None, "null is taken now"),
        ("output", int | None, int, "null is no longer given"),
        ("input", Small, Large, "the minimum was 0 and is -5"),
        ("input", record(a=(int, 1)), record(a=(int, 2)), "the default was 1 and is 2"),
        ("output", Tree, Plant, "the description has changed"),
    ],
    ids=str,
)
def test_what_changed_without_a_break_is_said_too(
    side: Literal["input", "output"], old: object, new: object, message: str
) -> None:
    found = compared(side, old, new)
    assert broken(found) == []
    assert message in [said for _, said, _ in found]


class Pair(Struct, array_like=True):
    a: int


class PairAndMore(Struct, array_like=True):
    a: int
    b: int = 0


@pytest.mark.parametrize(
    ("side", "old", "new", "expected"),
    [
        ("output", Closed, Open, ("/additionalProperties", "a field that is not named was forbidden and is allowed")),
        ("output", Open, Closed, ("/additionalProperties", "a field that is not named was allowed and is forbidden")),
        ("output", Pair, PairAndMore, ("/prefixItems/1", "the item is new")),
        ("output", PairAndMore, Pair, ("/prefixItems/1", "the item is gone")),
        ("input", Pair, PairAndMore, ("/prefixItems/1", "the item is new")),
        (
            "output",
            record(a=list[Closed]),
            record(a=list[Open]),
            ("/properties/a/items/additionalProperties", "a field"),
        ),
    ],
)
def test_a_compatible_change_is_listed_and_not_only_counted_in(
    side: Literal["input", "output"], old: object, new: object, expected: tuple[str, str]
) -> None:
    ((pointer, message, breaking),) = compared(side, old, new)
    assert (pointer, message[: len(expected[1])], breaking) == (*expected, False)
