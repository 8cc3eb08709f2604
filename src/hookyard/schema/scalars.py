"""Whether the limits of one text or number lie within those of another."""

import re
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from hookyard.schema.shape import Schema, form_of

Difference = tuple[str, str]
"""The keyword that differs and what is said of it."""
Told = Callable[[object, object], str]
"""Says `was ... and is ...` of what the source and what the target has."""

_WIDER: Final = frozenset(
    {
        ("date-time", "any-date-time"),
        ("local-date-time", "any-date-time"),
        ("time", "any-time"),
        ("partial-time", "any-time"),  # msgspec's word for a time of day without an offset
    }
)
_LOWER: Final = {
    "minLength": "the shortest length",
    "x-minBytes": "the shortest length in bytes",
    "minItems": "the smallest number of items",
    "minProperties": "the smallest number of entries",
}
_UPPER: Final = {
    "maxLength": "the longest length",
    "x-maxBytes": "the longest length in bytes",
    "maxItems": "the largest number of items",
    "maxProperties": "the largest number of entries",
}


def sizes(source: Schema, target: Schema, told: Told) -> Iterator[Difference]:
    """Where a length that the source may have is none that the target takes."""
    for keyword, label in _LOWER.items():
        if source.get(keyword, 0) < target.get(keyword, 0):
            yield keyword, f"{label} {told(source.get(keyword, 0), target.get(keyword, 0))}"
    for keyword, label in _UPPER.items():
        if source.get(keyword, inf) > target.get(keyword, inf):
            yield keyword, f"{label} {told(source.get(keyword), target.get(keyword))}"


def texts(source: Schema, target: Schema, told: Told) -> Iterator[Difference]:
    """Where a text of the source is none that the target takes."""
    had, wanted = form_of(source), form_of(target)
    if wanted and had != wanted and (had, wanted) not in _WIDER:
        yield "", f"the form {told(had or 'any text', wanted)}"
    yield from sizes(source, target, told)
    if "pattern" in target and source.get("pattern") != target["pattern"]:
        yield "pattern", f"the pattern {told(source.get('pattern'), target['pattern'])}"


def takes_text(schema: Schema, value: str) -> bool:
    """Whether a schema of text takes this one; what has a form of its own is not looked into, and refused."""
    if "enum" in schema:
        return value in schema["enum"]
    if form_of(schema) or not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", inf):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], value) is not None


def numbers(source: Schema, target: Schema, told: Told, *, whole: bool) -> Iterator[Difference]:
    """Where a number of the source is none that the target takes.

    Args:
        source: may have limits.
        target: likewise.
        told: makes the sentence.
        whole: whether the source has integers only.
    """
    low, lowest = _lower(source, whole=whole), _lower(target, whole=whole)
    if low < lowest:
        yield "minimum", f"the minimum {told(_shown(source, 'inimum'), _shown(target, 'inimum'))}"
    high, highest = _upper(source, whole=whole), _upper(target, whole=whole)
    if high > highest:
        yield "maximum", f"the maximum {told(_shown(source, 'aximum'), _shown(target, 'aximum'))}"
    had, wanted = source.get("multipleOf"), target.get("multipleOf")
    if wanted is not None and had != wanted and not _divides(wanted, had):
        yield "multipleOf", f"what it is a multiple of {told(had, wanted)}"


def takes_number(schema: Schema, value: float) -> bool:
    """Whether a schema of numbers takes this one."""
    if not _lower(schema, whole=False) <= (value, 0) <= _upper(schema, whole=False):
        return False
    step = schema.get("multipleOf")
    return step is None or (isinstance(value, int) and isinstance(step, int) and value % step == 0)


def _divides(wanted: object, had: object) -> bool:
    return isinstance(wanted, int) and isinstance(had, int) and had % wanted == 0


def _lower(schema: Schema, *, whole: bool) -> tuple[float, int]:
    """The least value, and 1 behind it when it is itself excluded; integers have no such thing."""
    bounds: list[tuple[float, int]] = [(-inf, 0)]
    if "minimum" in schema:
        bounds.append((schema["minimum"], 0))
    if "exclusiveMinimum" in schema:
        bound = schema["exclusiveMinimum"]
        bounds.append((bound + 1, 0) if whole and isinstance(bound, int) else (bound, 1))
    return max(bounds)


def _upper(schema: Schema, *, whole: bool) -> tuple[float, int]:
    bounds: list[tuple[float, int]] = [(inf, 0)]
    if "maximum" in schema:
        bounds.append((schema["maximum"], 0))
    if "exclusiveMaximum" in schema:
        bound = schema["exclusiveMaximum"]
        bounds.append((bound - 1, 0) if whole and isinstance(bound, int) else (bound, -1))
    return min(bounds)


def _shown(schema: Schema, ending: str) -> str | None:
    parts: list[str] = []
    if f"m{ending}" in schema:
        parts.append(f"{schema[f'm{ending}']}")
    if f"exclusiveM{ending}" in schema:
        parts.append(f"{schema[f'exclusiveM{ending}']} (excluded)")
    return " and ".join(parts) or None
