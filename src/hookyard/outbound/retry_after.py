"""What a receiver asks for by `Retry-After`."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

_SECONDS: Final = re.compile(r"[0-9]+", re.ASCII)
_DIGITS: Final = 9
"""A number with more stands for the largest that has as many: it is a wish to wait for long, and not none."""


def wait_asked(header: str, now: int) -> int:
    """How many milliseconds a `Retry-After` asks for: seconds or an HTTP date (RFC 9110, section 10.2.3).

    Args:
        header: as it came.
        now: milliseconds since 1970-01-01 UTC.

    Returns:
        0 for a date that has passed, and for what is neither.
    """
    text = header.strip()
    if _SECONDS.fullmatch(text):
        digits = text.lstrip("0") or "0"
        return int(digits if len(digits) <= _DIGITS else "9" * _DIGITS) * 1000
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp() * 1000) - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0
