"""A value of a type, as JSON and always the same one: something to show, and to try a receiver with.

It is made of the type and not of its schema, which does not tell a time from any text. Not everything is followed to
the letter: of a `pattern`, or a `multiple_of` with bounds, it may be none. Whoever needs to be sure decodes it.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from operator import length_hint
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, inspect

_DEEPEST: Final = 16
"""So deep values go into each other: types that hold themselves end somewhere."""
_DEEP: Final = 4
"""So deep what may be left out is."""
_LARGEST: Final = 10_000
"""So many values are made in all: a few types that hold each other several times would be millions."""
_MOST: Final = 1000
"""Characters and elements that are made where a type asks for very many."""


def example(kind: type[Struct]) -> object:
    """Return a value of JSON for a type.

    What it says itself comes first: its defaults, its first example, the first of an `enum`. It has all members, those
    that may be left out only as long as they are not too deep.
    """
    return _made(inspect.type_info(kind), _Room(0, iter(range(_LARGEST))))


class _Room(Struct, frozen=True):
    """How deep a value goes into others, and how many more may be made."""

    depth: int
    left: Iterator[int]

    @property
    def within(self) -> "_Room":
        """That of what the value holds."""
        return _Room(self.depth + 1, self.left)

    def takes_one(self) -> bool:
        """Whether there is room for one more, which is in it from then on."""
        return next(self.left, None) is not None and self.depth < _DEEPEST

    def is_full(self) -> bool:
        """Whether there is room for no more, however deep."""
        return length_hint(self.left) == 0


def _made(kind: inspect.Type, room: _Room) -> object:
    if isinstance(kind, inspect.Metadata):
        more = cast("Mapping[str, list[object]]", kind.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]  open in its stubs
        return more["examples"][0] if more.get("examples") else _made(kind.type, room)
    make = _MAKERS.get(type(kind))
    return make(kind, room) if make is not None and room.takes_one() else None


def _members(kind: Any, room: _Room) -> object:  # noqa: ANN401  a type with fields, of which there are four
    made: dict[str, object] = {}
    if isinstance(kind, inspect.StructType) and kind.tag_field is not None:
        made[kind.tag_field] = kind.tag
    for field in cast("tuple[inspect.Field, ...]", kind.fields):
        if field.required:
            made[field.encode_name] = _made(field.type, room.within)
        elif field.default is not NODEFAULT and field.default is not UNSET:
            made[field.encode_name] = msgspec.to_builtins(field.default)
        elif room.depth < _DEEP:
            made[field.encode_name] = _made(field.type, room.within)
    return list(made.values()) if getattr(kind, "array_like", False) else made


def _union(kind: inspect.UnionType, room: _Room) -> object:
    """The first that is something; null, when it would be too deep."""
    nothing = [one for one in kind.types if isinstance(one, inspect.NoneType)]
    something = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    return _made((nothing if nothing and room.depth >= _DEEP else something or nothing)[0], room)


def _several(kind: Any, room: _Room) -> object:  # noqa: ANN401  a type with one type of items, of which there are five
    least = min(kind.min_length or 0, _MOST)
    if room.depth < _DEEP and kind.max_length != 0:
        least = max(least, 1)
    return [_made(kind.item_type, room.within) for number in range(least) if number == 0 or not room.is_full()]


def _tuple(kind: inspect.TupleType, room: _Room) -> object:
    return [_made(one, room.within) for one in kind.item_types]


def _mapping(kind: inspect.DictType, room: _Room) -> object:
    least = 1 if kind.min_length else 0  # more would need as many keys
    return {str(_made(kind.key_type, room.within)): _made(kind.value_type, room.within) for _ in range(least)}


def _text(kind: inspect.StrType, _room: _Room) -> object:
    return "text".ljust(min(kind.min_length or 0, _MOST), "x")[: kind.max_length]


def _number(kind: Any, _room: _Room) -> object:  # noqa: ANN401  an integer or any number
    """The step from 0, brought within the bounds; in the middle where they leave nothing else."""
    step: float = kind.multiple_of or 1
    low: float = -math.inf if kind.ge is None and kind.gt is None else kind.gt + step if kind.ge is None else kind.ge
    high: float = math.inf if kind.le is None and kind.lt is None else kind.lt - step if kind.le is None else kind.le
    value = (low + high) / 2 if low > high else min(max(step, low), high)
    return int(value) if isinstance(kind, inspect.IntType) else value


def _always(value: object) -> Callable[[Any, _Room], object]:
    return lambda _kind, _room: value


_MAKERS: Final[Mapping[type[inspect.Type], Callable[[Any, _Room], object]]] = MappingProxyType(
    {
        **dict.fromkeys(
            (inspect.StructType, inspect.TypedDictType, inspect.DataclassType, inspect.NamedTupleType), _members
        ),
        **dict.fromkeys(
            (
                inspect.ListType,
                inspect.SetType,
                inspect.FrozenSetType,
                inspect.VarTupleType,
                inspect.CollectionType,
            ),
            _several,
        ),
        inspect.TupleType: _tuple,
        inspect.DictType: _mapping,
        inspect.UnionType: _union,
        inspect.StrType: _text,
        inspect.IntType: _number,
        inspect.FloatType: _number,
        inspect.BoolType: _always(value=True),
        inspect.AnyType: _always({}),
        inspect.RawType: _always({}),
        inspect.EnumType: lambda kind, _: next(iter(kind.cls)).value,
        inspect.LiteralType: lambda kind, _: kind.values[0],
        inspect.DateTimeType: lambda kind, _: f"2027-01-06T08:30:00{'' if kind.tz is False else 'Z'}",
        inspect.TimeType: lambda kind, _: f"08:30:00{'' if kind.tz is False else 'Z'}",
        inspect.DateType: _always("2027-01-06"),
        inspect.TimeDeltaType: _always("PT1M"),
        inspect.UUIDType: _always("00000000-0000-7000-8000-000000000002"),
        inspect.DecimalType: _always("1.5"),
        inspect.BytesType: _always("AAAA"),
        inspect.ByteArrayType: _always("AAAA"),
        inspect.MemoryViewType: _always("AAAA"),
    }
)
