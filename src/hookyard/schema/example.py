"""A value of a type, as JSON and always the same one: something to show, and to try a receiver with.

It is made of the type and not of its schema, which does not tell a time from any text. Not everything is followed to
the letter: of a `pattern`, or a `multiple_of` with bounds, it may be none. Whoever needs to be sure decodes it.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, inspect

_DEEPEST: Final = 16
"""So deep values go into each other: types that hold themselves end somewhere."""
_DEEP: Final = 4
"""So deep what may be left out is."""
_MOST: Final = 1000
"""Characters and elements that are made where a type asks for very many."""


def example(kind: type[Struct]) -> object:
    """Return a value of JSON for a type.

    What it says itself comes first: its defaults, its first example, the first of an `enum`. It has all members, those
    that may be left out only as long as they are not too deep.
    """
    return _made(inspect.type_info(kind), 0)


def _made(kind: inspect.Type, depth: int) -> object:
    if isinstance(kind, inspect.Metadata):
        more = cast("Mapping[str, list[object]]", kind.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]  open in its stubs
        return more["examples"][0] if more.get("examples") else _made(kind.type, depth)
    make = _MAKERS.get(type(kind))
    return make(kind, depth) if make is not None and depth < _DEEPEST else None


def _members(kind: Any, depth: int) -> object:  # noqa: ANN401  a type with fields, of which there are four
    made: dict[str, object] = {}
    if isinstance(kind, inspect.StructType) and kind.tag_field is not None:
        made[kind.tag_field] = kind.tag
    for field in cast("tuple[inspect.Field, ...]", kind.fields):
        if field.required:
            made[field.encode_name] = _made(field.type, depth + 1)
        elif field.default is not NODEFAULT and field.default is not UNSET:
            made[field.encode_name] = msgspec.to_builtins(field.default)
        elif depth < _DEEP:
            made[field.encode_name] = _made(field.type, depth + 1)
    return list(made.values()) if getattr(kind, "array_like", False) else made


def _union(kind: inspect.UnionType, depth: int) -> object:
    """The first that is something; null, when it would be too deep."""
    nothing = [one for one in kind.types if isinstance(one, inspect.NoneType)]
    something = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    return _made((nothing if nothing and depth >= _DEEP else something or nothing)[0], depth)


def _several(kind: Any, depth: int) -> object:  # noqa: ANN401  a type with one type of items, of which there are five
    least = min(kind.min_length or 0, _MOST)
    if depth < _DEEP and kind.max_length != 0:
        least = max(least, 1)
    return [_made(kind.item_type, depth + 1) for _ in range(least)]


def _tuple(kind: inspect.TupleType, depth: int) -> object:
    return [_made(one, depth + 1) for one in kind.item_types]


def _mapping(kind: inspect.DictType, depth: int) -> object:
    least = 1 if kind.min_length else 0  # more would need as many keys
    return {str(_made(kind.key_type, depth + 1)): _made(kind.value_type, depth + 1) for _ in range(least)}


def _text(kind: inspect.StrType, _depth: int) -> object:
    return "text".ljust(min(kind.min_length or 0, _MOST), "x")[: kind.max_length]


def _number(kind: Any, _depth: int) -> object:  # noqa: ANN401  an integer or any number
    """The step from 0, brought within the bounds; in the middle where they leave nothing else."""
    step: float = kind.multiple_of or 1
    low: float = -math.inf if kind.ge is None and kind.gt is None else kind.gt + step if kind.ge is None else kind.ge
    high: float = math.inf if kind.le is None and kind.lt is None else kind.lt - step if kind.le is None else kind.le
    value = (low + high) / 2 if low > high else min(max(step, low), high)
    return int(value) if isinstance(kind, inspect.IntType) else value


def _always(value: object) -> Callable[[Any, int], object]:
    return lambda _kind, _depth: value


_MAKERS: Final[Mapping[type[inspect.Type], Callable[[Any, int], object]]] = MappingProxyType(
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
