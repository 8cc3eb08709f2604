"""Which part of something a request asks for (RFC 9110, section 14)."""

import re
from typing import Final

_ONE: Final = re.compile(rb"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*")


def asked_range(header: bytes | None, size: int) -> tuple[int, int] | None:
    """The bytes that are asked for, from the first up to but without the last.

    Several ranges, another unit and what is no range at all are answered as if nothing had been asked, as section 14.2
    allows.

    Args:
        header: the value of `Range`, if any.
        size: how many bytes there are.

    Returns:
        Start and end, or None for all of it.

    Raises:
        ValueError: there are no such bytes.
    """
    found = _ONE.fullmatch(header or b"")
    if found is None or (not found[1] and not found[2]):
        return None
    if not found[1]:  # the last so many
        length = int(found[2])
        if not length or not size:
            raise ValueError(header)
        return max(0, size - length), size
    start = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if found[2] and last < start:
        return None
    if start >= size:
        raise ValueError(header)
    return start, min(last + 1, size)


def still_holds(if_range: bytes | None, etag: bytes) -> bool:
    """Whether a range may be given: `If-Range` is absent, or names this very content (section 13.1.5).

    A weak tag never does, nor a date, since content is named by its digest here.
    """
    return if_range is None or if_range.strip() == etag
