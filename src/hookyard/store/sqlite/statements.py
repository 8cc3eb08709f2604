"""The statements of the `.sql` files, by name.

A statement begins at a line `-- name: NAME` and ends at the next one. Comments are for the reader and are left out of
what SQLite gets. A part between `/* each SEPARATOR */` and `/* end */` is repeated once per row: one statement for
many rows is what makes the store fast, because every statement executed costs the writer thread the interpreter's
lock once.

A list of columns, or another part, that several statements of a file share stands at its top, below a line
`-- columns: NAME`, and is put in for `/* columns NAME */`, also in another such part.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

MOST: Final = 64
"""Rows in one statement, at most: enough to be fast, few enough that each length's statement stays prepared."""

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COLUMNS: Final = re.compile(r"^-- columns: (\w+)$", re.MULTILINE)
_USE: Final = re.compile(r"/\* columns (\w+) \*/")
_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)
_PART: Final = re.compile(r"/\* each (.+?) \*/(.*?)/\* end \*/", re.DOTALL)
_SPACE: Final = re.compile(r"\s+")


class Statement:
    """One statement; `for_rows(n)` is its text with the repeated parts standing there `n` times."""

    __slots__ = ("_pieces", "_texts", "text")

    def __init__(self, source: str) -> None:
        plain = _SPACE.sub(" ", _COMMENT.sub("", source)).strip().removesuffix(";")
        # Alternating: text, separator, repeated part, text, ...
        self._pieces = _PART.split(plain)
        self._texts: dict[int, str] = {}
        self.text = self.for_rows(1)
        """The text for one row."""

    def for_rows(self, count: int) -> str:
        """The text for so many rows."""
        text = self._texts.get(count)
        if text is None:
            parts = [self._pieces[0]]
            for at in range(1, len(self._pieces), 3):
                separator, row, after = self._pieces[at : at + 3]
                parts += [f" {separator} ".join([row] * count), after]
            text = self._texts[count] = "".join(parts)
        return text


def load(name: str, *, columns_of: str | None = None) -> Mapping[str, Statement]:
    """The statements of `sql/NAME.sql`, which may also use the lists of columns of another file."""
    head, *pieces = _NAME.split(_read(name))
    columns = _columns(head) if columns_of is None else _columns(_NAME.split(_read(columns_of))[0]) | _columns(head)
    columns = {named: _filled(text, columns) for named, text in columns.items()}
    texts = (_filled(text, columns) for text in pieces[1::2])
    return MappingProxyType({named: Statement(text) for named, text in zip(pieces[::2], texts, strict=True)})


def _filled(text: str, columns: Mapping[str, str]) -> str:
    return _USE.sub(lambda use: columns[use[1]], text)


def _read(name: str) -> str:
    return files("hookyard.store.sqlite").joinpath("sql", f"{name}.sql").read_text("utf-8")


def _columns(head: str) -> dict[str, str]:
    _, *lists = _COLUMNS.split(head)
    return {lists[at]: _COMMENT.sub("", lists[at + 1]).strip() for at in range(0, len(lists), 2)}
