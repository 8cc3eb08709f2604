"""Random changes of random types: whatever the comparison lets pass, the codecs let pass too."""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct, defstruct
from tests.examples import examples

from hookyard.schema import compare
from hookyard.schema.exact import complete

SIDES: tuple[Literal["input", "output"], ...] = ("input", "output")
Kind = Any
"""A type form."""

KEPT: list[type[Struct]] = []
Small = Annotated[int, Meta(ge=0, le=10)]
Large = Annotated[int, Meta(ge=-5, le=100)]
Short = Annotated[str, Meta(max_length=5)]
Letters = Annotated[str, Meta(pattern="^[a-z]+$")]


class Red(Enum):
    RED = "red"


class RedBlue(Enum):
    RED = "red"
    BLUE = "blue"


def _breaks(side: Literal["input", "output"], old: Kind, new: Kind) -> bool:
    sides: list[tuple[dict[str, Any], Mapping[str, Any]]] = []
    for kind in (old, new):
        (schema,), types = msgspec.json.schema_components([kind])
        complete([kind], [schema], types)
        sides.append((schema, types))
    found = compare(side, sides[0][0], sides[1][0], (sides[0][1], sides[1][1]))
    return any(breaking for _, _, breaking in found)


SCALARS: list[Any] = [
    int, float, str, bool, None, Small, Large, Short, Letters, dt.datetime, dt.date, uuid.UUID, Any, bytes,
    Literal["a", "b"], Literal["a"], Literal[1, 2], RedBlue, Red, Decimal,
    Annotated[int, Meta(gt=0)], Annotated[float, Meta(ge=0, lt=10)], Annotated[int, Meta(multiple_of=2)],
    Annotated[str, Meta(min_length=2)], Annotated[dt.datetime, Meta(tz=True)],
]  # fmt: skip


def _list(kind: Kind, most: int | None) -> Kind:
    return Annotated[list[kind], Meta(max_length=most)] if most else list[kind]


def _pair(first: Kind, second: Kind) -> Kind:
    return tuple[first, second]


def _map(kind: Kind, key: Kind) -> Kind:
    return dict[key, kind]


def _either(first: Kind, second: Kind) -> Kind:
    """The union, where msgspec has one; with limits in it, and in a tuple, 0.22 crashes when it is collected."""
    parts = [each for kind in (first, second) for each in _parts(kind)]
    classes = [_class(each) for each in parts]
    limited = sum(get_origin(each) is Annotated for each in parts)
    if "any" in classes or len(set(classes)) < len(classes) or limited:
        return first
    return Union[first, second]  # noqa: UP007  literals have no bar


def _parts(kind: Kind) -> list[Kind]:
    return list(get_args(kind)) if get_origin(kind) in {Union, UnionType} else [kind]


def _class(kind: Kind) -> str:
    """What tells values of this type from those of others, as JSON has it."""
    bare: Kind = get_args(kind)[0] if _origin(kind) is Annotated else kind
    if _origin(bare) is Literal:
        bare = type(cast("object", get_args(bare)[0]))
    if bare in {None, NoneType, Any, int, float, bool}:
        return "any" if bare is Any else str(bare or NoneType)
    origin = _origin(bare) or bare
    if origin in {list, tuple}:
        return "array"
    return "object" if origin is dict or issubclass(origin, Struct) else "text"


def _origin(kind: Kind) -> Kind:
    return get_origin(kind)


def _make(draw: random.Random, depth: int) -> Kind:
    """A random type, by its inner ones."""
    if depth == 0 or draw.random() < 0.2:
        return draw.choice(SCALARS)
    first, second = _make(draw, depth - 1), _make(draw, depth - 1)
    names = draw.sample("abc", draw.randint(1, 3))
    makers: list[Callable[[], Kind]] = [
        lambda: _list(first, draw.choice([None, 1, 2])),
        lambda: _pair(first, second),
        lambda: _map(first, draw.choice([str, int, Literal["a"], Short])),
        lambda: _either(first, draw.choice([second, None])),
        lambda: _struct({name: (_make(draw, depth - 1), draw.random() < 0.5) for name in names}, draw.random() < 0.3),
    ]
    return draw.choice([*makers, makers[-1], makers[-1]])()


def _struct(fields: Mapping[str, tuple[Kind, bool]], shut: bool) -> Kind:
    found: list[Any] = []
    for name, (kind, optional) in sorted(fields.items()):
        nullable = _either(kind, None)
        found.append((name, nullable, None) if optional and nullable is not kind else (name, kind))
    made = defstruct(f"Made{len(KEPT)}", found, kw_only=True, forbid_unknown_fields=shut)
    KEPT.append(made)
    return made


def _near(kind: Kind, draw: random.Random) -> Kind:
    """Another type that is often compatible, as random ones rarely are."""
    near: list[Kind] = [kind, _either(kind, None), Any, draw.choice(SCALARS), _make(draw, 2)]
    if isinstance(kind, type) and issubclass(kind, Struct):
        fields = {each.encode_name: (each.type, not each.required) for each in msgspec.structs.fields(kind)}
        changed = draw.choice(sorted(fields))
        near += [
            _struct({**fields, "z": (int, draw.random() < 0.8)}, shut=False),
            _struct({**fields, changed: (fields[changed][0], not fields[changed][1])}, shut=False),
            _struct({**fields, changed: (_near(fields[changed][0], draw), fields[changed][1])}, shut=False),
            _struct({name: each for name, each in fields.items() if name != changed}, shut=False),
            dict[str, Any],
        ]
        return draw.choice(near[4:] * 2 + near)
    return draw.choice(near)


def _pairs(number: int) -> list[tuple[Kind, Kind]]:
    draw = random.Random(20)
    kinds = [_make(draw, 3) for _ in range(number)]
    return [(kind, _near(kind, draw)) for kind in kinds]


PAIRS = _pairs(600)
DECODERS: dict[int, msgspec.json.Decoder[Any]] = {
    id(kind): msgspec.json.Decoder(kind) for pair in PAIRS for kind in pair
}

NUMBERS = st.integers(-6, 101) | st.sampled_from([0.5, 1.5, -0.5, 10.0, 2**70])
TEXTS = st.sampled_from(
    ["", "a", "b", "ab", "red", "blue", "longer than five", "1", "12", "2024-01-01", "2024-01-01T00:00:00",
     "2024-01-01T00:00:00Z", "12345678-1234-5678-1234-567812345678", "1.5", "eA==", "eHg=", "c"]
)  # fmt: skip
VALUES = st.recursive(
    NUMBERS | TEXTS | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "z", "1"]), inner, max_size=4)
    ),
    max_leaves=6,
)


def _values(kind: Kind) -> list[bytes]:
    """Some values of a type, as msgspec writes them."""
    return [msgspec.json.encode(each) for each in _some(msgspec.inspect.type_info(kind), 0)]


def _some(info: msgspec.inspect.Type, depth: int) -> list[Any]:
    """Values that a schema's reader would try first; those a limit forbids are sorted out by the decoder."""
    match info:
        case msgspec.inspect.Metadata(type=inner):
            return _some(inner, depth)
        case msgspec.inspect.StructType():
            every = {each.encode_name: _some(each.type, depth + 1) for each in info.fields}
            found: list[Any] = [
                {name: some[turn % len(some)] for name, some in every.items() if some} for turn in range(4)
            ]
            needed = {each.encode_name for each in info.fields if each.required}
            return [*found, {name: some[0] for name, some in every.items() if name in needed and some}]
        case msgspec.inspect.UnionType():
            return [value for each in info.types for value in _some(each, depth)][:12]
        case msgspec.inspect.ListType():
            inner_ = _some(info.item_type, depth + 1)
            return [[], inner_[:1], inner_[:3], inner_[-1:]]
        case msgspec.inspect.TupleType():
            parts = [_some(each, depth + 1) for each in info.item_types]
            return [[part[turn % len(part)] for part in parts] for turn in range(3)]
        case msgspec.inspect.DictType():
            values = _some(info.value_type, depth + 1)
            return [{}, *({key: value} for key in ("a", "1", "longer than five", "b") for value in values[:3])]
        case msgspec.inspect.LiteralType():
            return list(info.values)
        case _:
            return list(PLAIN)


PLAIN: list[Any] = [
    1, 0, -5, 2, 100, 7, 1.5, -0.5, 9.5, True, False, None, "a", "", "ab", "b", "red", "blue", "longer than five",
    "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "12345678-1234-5678-1234-567812345678", "1.5", "eA==",
]  # fmt: skip


def _decodes(kind: Kind, value: bytes) -> bool:
    try:
        DECODERS[id(kind)].decode(value)
    except msgspec.ValidationError:
        return False
    return True


def _values_of(kind: Kind, drawn: list[Any]) -> list[bytes]:
    """What the type takes of some made for it and some drawn, written as the type itself writes it."""
    tried = [*_values(kind), *map(msgspec.json.encode, drawn)]
    return [msgspec.json.encode(DECODERS[id(kind)].decode(each)) for each in tried if _decodes(kind, each)]


@settings(
    max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(st.sampled_from(PAIRS), st.lists(VALUES, max_size=5), st.sampled_from(SIDES))
def test_when_nothing_breaks_every_value_is_still_understood(
    pair: tuple[Kind, Kind], drawn: list[Any], side: Literal["input", "output"]
) -> None:
    old, new = pair
    assume(not _breaks(side, old, new))
    writer, reader = (old, new) if side == "input" else (new, old)
    refused = [value for value in _values_of(writer, drawn) if not _decodes(reader, value)]
    assert refused == [], (writer, reader)


def test_the_values_tried_above_are_many_and_tell_types_apart() -> None:
    kind = _struct({"a": (Small, False), "b": (list[str], True)}, shut=False)
    other = _struct({"a": (str, False)}, shut=False)
    DECODERS.update({id(each): msgspec.json.Decoder(each) for each in (kind, other)})
    values = _values_of(kind, [])
    assert len(values) >= 3
    assert not any(_decodes(other, value) for value in values)


def test_many_of_the_random_changes_break_and_many_do_not() -> None:
    verdicts = [_breaks(side, *pair) for pair in PAIRS for side in SIDES]
    assert min(verdicts.count(True), verdicts.count(False)) > len(verdicts) / 5
