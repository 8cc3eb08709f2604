"""How an arrival is shown: lines for a person, or one JSON object for a script.

Whoever can reach the port decides what comes, so nothing of it reaches the terminal that could move its cursor.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from hookyard.cli.listen.arrival import Arrival, decoded
from hookyard.cli.terminal import safe
from hookyard.clock import rfc3339

LINES: Final = 24
"""So many lines of a body are shown."""
_WIDTH: Final = 160


def as_json(arrival: Arrival) -> str:
    """One line."""
    body = decoded(arrival.incoming.body)
    shown = arrival.incoming.body.decode(errors="replace") if body is msgspec.UNSET else body
    return msgspec.json.encode(
        {
            "at": rfc3339(arrival.at),
            "event": arrival.event,
            "id": arrival.id,
            "verified": arrival.judged.problem is None,
            "by": arrival.judged.how,
            "problem": arrival.judged.problem,
            "times": arrival.times,
            "changed": arrival.changed,
            "method": arrival.incoming.method,
            "target": arrival.incoming.target,
            "headers": arrival.incoming.headers,
            "body": shown,
            "answered": arrival.status,
        }
    ).decode()


def as_lines(arrival: Arrival, *, headers: bool, whole: bool) -> Iterator[str]:
    """Lines for a person.

    Args:
        arrival: what came.
        headers: whether its headers are shown too.
        whole: whether all of the body is.
    """
    found = arrival.judged
    judged = f"verified ({found.how})" if found.problem is None else f"NOT VERIFIED: {found.problem}"
    again = f", came before ({arrival.times} times now)" if arrival.times > 1 else ""
    other = ", WITH ANOTHER BODY" if arrival.changed else ""
    what = arrival.event or f"{arrival.incoming.method} {arrival.incoming.target}"
    time = rfc3339(arrival.at)[11:23]
    yield safe(f"{time}  {what}  {arrival.id or 'no id'}  {judged}{again}{other}  -> {arrival.status}")
    if headers:
        yield from (safe(f"    {name}: {value}") for name, value in arrival.incoming.headers)
    lines = _pretty(arrival.incoming.body).splitlines()
    most = len(lines) if whole else LINES
    width = None if whole else _WIDTH
    for line in lines[:most]:
        cut = line[:width]
        yield f"    {safe(cut)}{'...' if len(cut) < len(line) else ''}"
    if len(lines) > most:
        yield f"    ... {len(lines) - most} more lines; --whole shows them"


def _pretty(body: bytes) -> str:
    try:
        return msgspec.json.format(body).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode(errors="replace")
