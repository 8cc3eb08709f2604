"""The times that a request says itself, one of which is when it was sent."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.request import InboundRequest

_NUMBER: Final = re.compile(rb"(?<![0-9.])([0-9]{10}|[0-9]{13})(?![0-9])")
_RFC3339: Final = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.]*(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Final = 10
"""Digits of a time in seconds, until the year 2286; one in milliseconds has three more."""
_FAR: Final = 400 * 86_400_000
"""Milliseconds up to which the bounds of a time are looked for."""
_LOOKED_AT: Final = 1 << 16
_MOST: Final = 200


def said(capture: Capture) -> int | None:
    """When the capture was made, by its own word or the request's `Date`."""
    if capture.taken is not None:
        return capture.taken
    try:
        found = parsedate_to_datetime((capture.header("date") or b"").decode("ascii"))
        return _millis(found.replace(tzinfo=UTC) if found.tzinfo is None else found)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def times(request: InboundRequest) -> Iterator[int]:
    """Every time that stands in the headers, the query or the first part of the body, each once."""
    seen: set[int] = set()
    for text in (*request.headers.values(), request.query, request.body[:_LOOKED_AT]):
        for found in (*_NUMBER.findall(text), *_RFC3339.findall(text)):
            at = _read(found)
            if at is not None and at not in seen and len(seen) < _MOST:
                seen.add(at)
                yield at


def bounds(in_range: Callable[[int], bool], at: int) -> tuple[int, int]:
    """The first and the last time at which a request is in time; each `at` itself when there is no such bound.

    Args:
        in_range: whether it is, at a time.
        at: a time at which it is.
    """
    return _bound(in_range, at, -1), _bound(in_range, at, 1)


def apart(millis: int) -> str:
    """A length of time in words that somebody can use."""
    if abs(millis) < 1000:  # noqa: PLR2004  a second
        return f"{abs(millis)} ms"
    days, rest = divmod(abs(millis) // 1000, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")) if count
    ]
    return " ".join(parts[:2])


def _bound(in_range: Callable[[int], bool], at: int, sign: int) -> int:
    good, bad = 0, _FAR
    if in_range(at + sign * bad):
        return at
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if in_range(at + sign * middle) else (good, middle)
    return at + sign * good


def _read(text: bytes) -> int | None:
    if text.isdigit():
        return int(text) * (1000 if len(text) == _SECONDS else 1)
    try:
        return _millis(datetime.fromisoformat(text.decode().upper()))
    except (ValueError, OverflowError):
        return None


def _millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
