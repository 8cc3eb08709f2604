"""External ids: UUIDv7 (RFC 9562, section 5.7), in order of creation within one process.

The twelve bits after the version hold a counter (RFC 9562, section 6.2, method 1), so that the first 60 bits of
an id, :func:`key`, are a strictly increasing integer: SQLite appends to its tables instead of splitting pages.
The last 62 bits, :func:`tail`, are random, so that an id cannot be guessed from its neighbour.
"""

import os
from uuid import UUID

from hookyard.clock import Clock

_COUNTER_BITS = 12
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1
_TAIL_MASK = (1 << 62) - 1
_BATCH = 256
_VARIANT_OF = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class IdSource:
    """Makes ids, for one event loop.

    Every request needs one: what changes once a millisecond is formatted once a millisecond, and the random half is
    drawn and formatted many at a time.

    Args:
        clock: where the milliseconds come from.
        after: the largest :func:`key` already in use; ids continue above it even when the clock has gone back.
    """

    def __init__(self, clock: Clock, *, after: int = 0) -> None:
        self._clock = clock
        self._millis = after >> _COUNTER_BITS
        self._count = after & _COUNTER_MASK
        self._head = _head(self._millis)
        self._endings: list[str] = []

    def __call__(self) -> str:
        """The next id, as 36 lower-case characters."""
        millis = self._clock.now()
        if millis > self._millis:
            self._millis = millis
            self._count = 0
            self._head = _head(millis)
        elif self._count < _COUNTER_MASK:
            self._count += 1
        else:  # a full millisecond borrows from the next one, as RFC 9562 allows
            self._millis += 1
            self._count = 0
            self._head = _head(self._millis)
        if not self._endings:
            self._endings = _draw_endings(_BATCH)
        return f"{self._head}{self._count:03x}{self._endings.pop()}"


def _head(millis: int) -> str:
    """An id up to its counter."""
    return f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7"


def _draw_endings(count: int) -> list[str]:
    """The random ends of ids."""
    drawn = os.urandom(8 * count).hex()
    return [
        f"-{_VARIANT_OF[drawn[at]]}{drawn[at + 1 : at + 4]}-{drawn[at + 4 : at + 16]}"
        for at in range(0, len(drawn), 16)
    ]


def join(key: int, tail: int) -> str:
    """The id of these two numbers."""
    # One formatting of all five groups: made for every request, and twice as fast as joining slices.
    return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031
        key >> 28,
        (key >> 12) & 0xFFFF,
        key & 0xFFF,
        0x8000 | (tail >> 48),  # the variant, 0b10
        tail & 0xFFFF_FFFF_FFFF,
    )


def key(identifier: str) -> int:
    """The 60 leading bits of an id without its version: its place in the order of creation."""
    return int(identifier[:8] + identifier[9:13] + identifier[15:18], 16)


def last_before(millis: int) -> str:
    """The greatest id that can have been made before this time; the least there is, where that is 1970 or earlier."""
    return join((millis << _COUNTER_BITS) - 1, _TAIL_MASK) if millis > 0 else join(0, 0)


def tail(identifier: str) -> int:
    """The 62 random bits of an id."""
    return int(identifier[19:23] + identifier[24:], 16) & _TAIL_MASK


def parse(text: str) -> str | None:
    """The canonical form of an id somebody sent, or None if it is not a UUIDv7."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return str(found) if found.version == 7 else None  # noqa: PLR2004  the version in the function's name
