"""What becomes of a delivery after an attempt: pure functions of the answer, the schedule and a random number.

| answer | verdict |
|---|---|
| 2xx | delivered |
| 410 | failed for good as `gone`; the endpoint is disabled until a restart |
| 429, 502, 504 | again by the schedule, and the endpoint gets nothing else for a while |
| any other, 3xx too, or none | again by the schedule |
| refused by the egress guard | failed for good as `egress_refused` |

`Retry-After` makes the wait longer, never shorter, up to a bound: a receiver that asks for a second would
otherwise use up the schedule in seconds.
"""

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from msgspec import Struct

from hookyard.config.model import OutboundSettings

SLOW_DOWN: Final = frozenset({429, 502, 504})
GONE: Final = 410
LONGEST_PAUSE: Final = 60_000
"""Milliseconds an endpoint pauses when its receiver does not say how long: old deliveries wait for hours, and what is
new should not wait with them."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Verdict(Struct, frozen=True, kw_only=True):
    """What to store of an attempt, and what to do about its endpoint."""

    status: Literal["delivered", "failed", "pending"]
    error: str | None = None
    """One word; None when it was delivered."""
    next_at: int | None = None
    """When to try again; only with `pending`."""
    pause_until: int | None = None
    """Until when the endpoint gets nothing."""
    disable: bool = False
    """Whether the endpoint is gone."""


DELIVERED: Final = Verdict(status="delivered")


class Policy:
    """The rules above under these settings.

    Args:
        settings: the schedule, its jitter, the bound of `Retry-After`.
        draw: random numbers in [0, 1).
    """

    def __init__(self, settings: OutboundSettings, draw: Callable[[], float]) -> None:
        self._schedule = settings.schedule
        self._jitter = settings.jitter
        self._bound = int(settings.max_retry_after)
        self._draw = draw

    def first_wait(self) -> int:
        """Milliseconds before the first attempt."""
        return self._wait(0)

    def answered(self, status: int, retry_after: str | None, attempt: int, now: int) -> Verdict:
        """The verdict on an answer.

        Args:
            status: HTTP status.
            retry_after: the header as it came, if it did.
            attempt: the attempt's number, from 1.
            now: milliseconds since 1970-01-01 UTC.
        """
        if 200 <= status < 300:  # noqa: PLR2004  what success means in HTTP
            return DELIVERED
        if status == GONE:
            return Verdict(status="failed", error="gone", disable=True)
        asked = min(self._bound, wait_asked(retry_after, now)) if retry_after else 0
        return self._again(f"http_{status}", attempt, now, asked, slow_down=status in SLOW_DOWN)

    def unanswered(self, error: str, attempt: int, now: int) -> Verdict:
        """The verdict on an attempt that got no answer, which `error` names in one word."""
        return self._again(error, attempt, now, 0, slow_down=False)

    def refused(self, error: str) -> Verdict:
        """The verdict on what can never be sent."""
        return Verdict(status="failed", error=error)

    def _again(self, error: str, attempt: int, now: int, asked: int, *, slow_down: bool) -> Verdict:
        pause = None
        if attempt >= len(self._schedule):
            if slow_down:
                pause = now + (asked or LONGEST_PAUSE)
            return Verdict(status="failed", error=error, pause_until=pause)
        wait = max(asked, self._wait(attempt))
        if slow_down:
            pause = now + (asked or min(wait, LONGEST_PAUSE))
        return Verdict(status="pending", error=error, next_at=now + wait, pause_until=pause)

    def _wait(self, index: int) -> int:
        wait = self._schedule[index]
        return round(wait * (1 + self._jitter * (2 * self._draw() - 1))) if wait else 0


def wait_asked(header: str, now: int) -> int:
    """How many milliseconds a `Retry-After` asks for: seconds or an HTTP date (RFC 9110, section 10.2.3).

    Returns:
        0 for a date that has passed, and for what is neither.
    """
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return int(text) * 1000
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp() * 1000) - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0
