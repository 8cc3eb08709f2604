"""A whole rule: a calendar, what limits it, and how much it is spread."""

from hashlib import blake2b
from typing import Final, Protocol

from msgspec import Struct

from hookyard.timetable.problem import RuleError
from hookyard.timetable.windows import Filter

__all__ = ["LATEST", "Calendar", "Rule", "RuleError"]

LATEST: Final = 253_402_300_799_999
"""The end of the year 9999, the last that RFC 3339 can write."""
_HOPS: Final = 2_000
"""How many closed days or windows are looked over before a rule counts as one that never comes."""


class Calendar(Protocol):
    """Fire times, one after another."""

    def after(self, at: int) -> int | None:
        """The first after `at`; None when there is none."""
        ...


class Rule(Struct, frozen=True, kw_only=True):
    """When a schedule fires. A fire time is known by the time that the rule names, whatever the jitter adds."""

    calendar: Calendar
    filter: Filter | None = None
    start: int | None = None
    """No fire time lies before."""
    end: int | None = None
    """No fire time lies after."""
    jitter: int = 0
    """Each fire time is acted on up to so many milliseconds later."""

    def after(self, at: int) -> int | None:
        """The first fire time after `at`; None when there is none."""
        last = LATEST if self.end is None else min(self.end, LATEST)
        if self.start is not None and at < self.start:
            at = self.start - 1
        for _ in range(_HOPS):
            found = self.calendar.after(at)
            if found is None or found > last:
                return None
            opens = found if self.filter is None else self._opens(self.filter, found)
            if opens == found:
                return found
            if opens is None:
                return None
            at = opens - 1
        return None

    def due(self, name: str, fire_at: int) -> int:
        """When to act on a fire time: the same for the same name and time, before and after a restart."""
        if not self.jitter:
            return fire_at
        drawn = blake2b(f"{name}\0{fire_at}".encode(), digest_size=8).digest()
        return fire_at + int.from_bytes(drawn, "big") % (self.jitter + 1)

    def next(self, at: int, count: int) -> list[int]:
        """The first `count` fire times after `at`."""
        found: list[int] = []
        following = self.after(at)
        while following is not None and len(found) < count:
            found.append(following)
            following = self.after(following)
        return found

    @staticmethod
    def _opens(limits: Filter, at: int) -> int | None:
        try:
            return limits.opens(at)
        except (OverflowError, ValueError):
            return None
