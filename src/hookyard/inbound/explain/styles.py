"""The same JSON as other serialisers write it: numbers keep their text, members their order unless it is sorted."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from msgspec import Struct

LARGEST: Final = 1 << 20
"""Bytes of a body that is written in other styles."""


class Layout(Struct, frozen=True):
    """Where blanks stand."""

    name: str
    colon: str
    comma: str
    indent: str = ""


class Escapes(Struct, frozen=True):
    """Which characters are escaped."""

    name: str
    ascii: bool = False
    slash: bool = False
    html: bool = False


LAYOUTS: Final = (
    Layout("compact", ":", ","),
    Layout("with a blank after each comma and colon", ": ", ", "),
    Layout("indented by 2", ": ", ",", "  "),
    Layout("indented by 4", ": ", ",", "    "),
    Layout("indented by tabs", ": ", ",", "\t"),
    Layout("on one line with a blank after each colon", ": ", ","),
)
ESCAPES: Final = (
    Escapes(""),
    Escapes("non-ASCII escaped", ascii=True),
    Escapes("slashes and non-ASCII escaped", ascii=True, slash=True),
    Escapes("<, > and & escaped", html=True),
    Escapes("slashes escaped", slash=True),
    Escapes("<, >, & and non-ASCII escaped", ascii=True, html=True),
)
_HTML: Final = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, doubles among them."""


def styles(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The JSON of a body in every style: its name, and the bytes; nothing when it is no JSON or a large one."""
    if len(body) > LARGEST:
        return
    try:
        tree = json.loads(body.decode("utf-8-sig"), parse_int=_Number, parse_float=_Number, object_pairs_hook=_Pairs)
        for sort, layout, escapes in product((False, True), LAYOUTS, ESCAPES):
            text = "".join(_pieces(tree, layout, escapes, "\n" + layout.indent, sort=sort))
            name = ", ".join(part for part in (layout.name, "keys sorted" if sort else "", escapes.name) if part)
            yield name, text.encode()
            yield f"{name}, and a line end after it", text.encode() + b"\n"
    except (ValueError, RecursionError):
        return


def _pieces(value: Any, layout: Layout, escapes: Escapes, line: str, *, sort: bool) -> Iterator[str]:  # noqa: ANN401  JSON
    if isinstance(value, _Number):
        yield value
    elif isinstance(value, str):
        yield _text(value, escapes)
    elif isinstance(value, _Pairs):
        pairs = sorted(value, key=lambda pair: pair[0]) if sort else value
        yield from _block("{}", [(name, each) for name, each in pairs], layout, escapes, line, sort=sort)
    elif isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]  JSON
        yield from _block("[]", [(None, each) for each in items], layout, escapes, line, sort=sort)
    else:
        yield json.dumps(value)


def _block(
    brackets: str, items: list[tuple[str | None, Any]], layout: Layout, escapes: Escapes, line: str, *, sort: bool
) -> Iterator[str]:
    if not items:
        yield brackets
        return
    yield brackets[0]
    for at, (name, value) in enumerate(items):
        yield layout.comma if at else ""
        yield line if layout.indent else ""
        if name is not None:
            yield _text(name, escapes) + layout.colon
        yield from _pieces(value, layout, escapes, line + layout.indent, sort=sort)
    yield line[: -len(layout.indent)] if layout.indent else ""
    yield brackets[1]


def _text(text: str, escapes: Escapes) -> str:
    written = json.dumps(text, ensure_ascii=escapes.ascii)
    if escapes.slash:
        written = written.replace("/", "\\/")
    return written.translate(_HTML) if escapes.html else written
