"""Texts with names in braces, and nothing else: no attributes, no indexes, no formats, no calls."""

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Final

Value = str | int | float | bool | None
Parts = tuple[tuple[str, str | None], ...]

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class UnknownField(LookupError):  # noqa: N818  the sentence it makes
    """A template names what there is no value for."""


def parse(template: str) -> Parts:
    """A template as pairs of plain text and the field that follows it; `{{` and `}}` are braces.

    Raises:
        ValueError: it is none; the message says what cannot stand there.
    """
    parts: list[tuple[str, str | None]] = []
    for literal, name, form, conversion in Formatter().parse(template):
        if name is not None and (form or conversion or not _FIELD.fullmatch(name)):
            shown = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            msg = f"{{{shown}}} is no plain name in braces"
            raise ValueError(msg)
        parts.append((literal, name))
    return tuple(parts)


def render(template: str, values: Mapping[str, Value], escape: Callable[[str], str]) -> str:
    """Fill in a template.

    Args:
        escape: makes a value harmless where it will stand; the template's own text stays as it is.

    Raises:
        UnknownField: there is no value of a name; the message is the name.
    """
    text: list[str] = []
    for literal, name in parse(template):
        text.append(literal)
        if name is not None:
            if name not in values:
                raise UnknownField(name)
            text.append(escape(_text(values[name])))
    return "".join(text)


def _text(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
