"""The syntax tree of a CEL expression, read from the form in which the library hands it out.

That form is the protocol buffer `cel.expr.CheckedExpr` of the CEL specification (`checked.proto`, `syntax.proto`); the
library is asked for nothing else, so the few fields that matter are read here. Macros such as `exists` have become
loops in it.
"""

from collections.abc import Iterator

from msgspec import Struct

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = range(3, 10)


class Const(Struct, frozen=True):
    """A literal; `text` is its value when it is a text."""

    text: str | None = None


class Ident(Struct, frozen=True):
    """A variable."""

    name: str


class Select(Struct, frozen=True):
    """`operand.field`, or with `has` only whether it is there."""

    operand: "Expr"
    field: str
    has: bool


class Call(Struct, frozen=True):
    """A function or an operator such as `_==_`; a method's object is the first argument."""

    function: str
    arguments: tuple["Expr", ...]


class Items(Struct, frozen=True):
    """The items of a list, or the keys and values of a map or a message."""

    items: tuple["Expr", ...]
    is_list: bool


class Loop(Struct, frozen=True):
    """A comprehension: `step` for each item of `range`, under the names `variables`."""

    variables: frozenset[str]
    accumulator: str
    range: "Expr"
    start: "Expr"
    condition: "Expr"
    step: "Expr"
    result: "Expr"


Expr = Const | Ident | Select | Call | Items | Loop


def read_tree(serialized: bytes) -> Expr:
    """Read the tree of an expression, as `Expression.serialize()` has it: a `CheckedExpr` in an `Any`."""
    return _expr(_one(_one(serialized, 2), 4))


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: number, and the integer or the bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = 8 if kind == _FIXED64 else 4
        if kind == _BYTES:
            size, at = _varint(data, at)
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004  the last byte of a varint has no high bit
            return value, at


def _all(data: bytes, wanted: int) -> list[bytes]:
    return [value for number, value in _fields(data) if number == wanted and isinstance(value, bytes)]


def _one(data: bytes, wanted: int) -> bytes:
    return next(iter(_all(data, wanted)), b"")


def _expr(data: bytes) -> Expr:
    for number, value in _fields(data):
        if not isinstance(value, bytes):
            continue  # its id
        if number == _CONST:
            texts = _all(value, 6)
            return Const(texts[0].decode() if texts else None)
        if number == _IDENT:
            return Ident(_one(value, 1).decode().lstrip("."))
        if number == _SELECT:
            return Select(_expr(_one(value, 1)), _one(value, 2).decode(), (3, 1) in _fields(value))
        if number == _CALL:
            return Call(_one(value, 2).decode(), tuple(map(_expr, _all(value, 1) + _all(value, 3))))
        if number == _LIST:
            return Items(tuple(map(_expr, _all(value, 1))), is_list=True)
        if number == _STRUCT:
            entries = _all(value, 2)
            return Items(tuple(_expr(part) for entry in entries for part in _all(entry, 3) + _all(entry, 4)), False)
        if number == _LOOP:
            return Loop(
                variables=frozenset(name.decode() for name in _all(value, 1) + _all(value, 8) if name),
                accumulator=_one(value, 3).decode(),
                range=_expr(_one(value, 2)),
                start=_expr(_one(value, 4)),
                condition=_expr(_one(value, 5)),
                step=_expr(_one(value, 6)),
                result=_expr(_one(value, 7)),
            )
    return Const()  # an empty constant has no bytes
