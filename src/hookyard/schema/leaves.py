"""Types of the values that hold no others: strings, numbers and their like."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta

from hookyard.errors import SchemaError
from hookyard.schema.words import Keywords

_FORMATS: Final[Mapping[str, object]] = {
    "date-time": Annotated[datetime, Meta(tz=True)],
    "date": date,
    "time": Annotated[time, Meta(tz=True)],
    "partial-time": Annotated[time, Meta(tz=False)],
    "duration": timedelta,
    "uuid": UUID,
    "decimal": Decimal,
}
"""The formats that are checked: those that :func:`hookyard.schema.of_type` writes."""


def scalar(kind: str, schema: Keywords, at: str) -> object:
    """The type of a schema whose `type` is a scalar's.

    Raises:
        SchemaError: a keyword's value is none that it may have.
    """
    if kind == "null":
        return NoneType
    if kind == "boolean":
        return bool
    return _string(schema, at) if kind == "string" else _number(kind, schema, at)


def whole(schema: Keywords, name: str, at: str) -> int | None:
    """The value of a keyword that counts something."""
    value = schema.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SchemaError(f"{at}/{name}", "a whole number from 0 on is expected")
    return value


def limits(schema: Keywords, least: str, most: str, at: str) -> dict[str, Any]:
    """What Meta is told of a length."""
    found = {"min_length": whole(schema, least, at), "max_length": whole(schema, most, at)}
    return {name: value for name, value in found.items() if value is not None}


def literal(values: list[object], at: str) -> object:
    """The type of these values alone."""
    for value in values:
        if isinstance(value, bool) or not (value is None or isinstance(value, str | int)):
            raise SchemaError(at, "only strings, integers and null may be listed")
    if set(values) == {None}:
        return NoneType
    return Literal[tuple(dict.fromkeys(values))]


def _string(schema: Keywords, at: str) -> object:
    told = limits(schema, "minLength", "maxLength", at)
    pattern = schema.get("pattern")
    if pattern is not None:
        told["pattern"] = _pattern(pattern, f"{at}/pattern")
    encoding, form = schema.get("contentEncoding"), schema.get("format")
    if encoding is not None:
        if encoding != "base64" or pattern is not None or form is not None:
            raise SchemaError(f"{at}/contentEncoding", "only base64 is understood, and no pattern or format beside it")
        # A schema counts letters, four of them for three bytes or a part of three; Meta counts bytes.
        if "min_length" in told:
            told["min_length"] = max(0, 3 * math.ceil(told["min_length"] / 4) - 2)
        if "max_length" in told:
            told["max_length"] = 3 * (told["max_length"] // 4)
        return Annotated[bytes, Meta(**told)] if told else bytes
    if isinstance(form, str) and form in _FORMATS:
        if told:
            raise SchemaError(f"{at}/format", f"{form} is checked whole; no length or pattern may stand beside it")
        return _FORMATS[form]
    if form is not None:
        told["extra_json_schema"] = {"format": form}
    return Annotated[str, Meta(**told)] if told else str


def _pattern(pattern: object, at: str) -> str:
    if not isinstance(pattern, str):
        raise SchemaError(at, "a regular expression is expected")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SchemaError(at, f"not a regular expression that Python understands: {error}") from error
    return pattern


def _number(kind: str, schema: Keywords, at: str) -> object:
    is_int = kind == "integer"
    told: dict[str, Any] = {}
    names = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"}
    for keyword, word in {**names, "multipleOf": "multiple_of"}.items():
        value = schema.get(keyword)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise SchemaError(f"{at}/{keyword}", "a number is expected")
        if is_int and not float(value).is_integer():
            raise SchemaError(f"{at}/{keyword}", "an integer's bounds are integers")
        told[word] = int(value) if is_int else value
    for strict, other, pick in (("gt", "ge", max), ("lt", "le", min)):
        if strict in told and other in told:  # Meta takes one of them
            tighter = pick(told[strict], told[other])
            told.pop(other if tighter == told[strict] else strict)
    base: object = int if is_int else float
    if not told:
        return base
    try:
        return Annotated[base, Meta(**told)]
    except (TypeError, ValueError) as error:
        raise SchemaError(at, str(error)) from error
