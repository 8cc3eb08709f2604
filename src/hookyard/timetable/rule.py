"""A whole rule: a calendar, what limits it, and how much it is spread."""

from hashlib import blake2b
from typing import Final, Protocol

from msgspec import Struct

from hookyard.timetable.cron import Cron
from hookyard.timetable.problem import RuleError
from hookyard.timetable.windows import Filter

__all__ = ["LATEST", "Calendar", "Rule", "RuleError"]

LATEST: Final = 253_402_300_799_999
"""The end of the year 9999, the last that RFC 3339 can write."""
_HOPS: Final = 2_000
"""How many times outside of its windows and days are looked over before a rule counts as one that never comes: more
than a year has days, and more than `every` needs to drift through the hours of a day in minutes."""
_CRON_HOPS: Final = 500
"""The same of an expression, whose steps cost more: more than a year has days. It names times of day, and those that no
window holds have been told apart before."""
_CYCLE: Final = 146_097 * 86_400_000
"""400 years, after which the calendar repeats itself: what has not come by then comes no more."""


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
        latest = at + _CYCLE
        for _ in range(_CRON_HOPS if isinstance(self.calendar, Cron) else _HOPS):
            found = self.calendar.after(at)
            if found is None or found > last:
                return None
            opens = found if self.filter is None else self._opens(self.filter, found)
            if opens == found:
                return found
            if opens is None or opens > latest:
                return None
            at = opens - 1
        return None

    def comes(self) -> bool:
        """Whether it has any fire time at all, past or future."""
        cron, limits = self.calendar, self.filter
        if isinstance(cron, Cron) and limits is not None and not limits.meets(cron.times_of_day):
            return False  # as most of those that never come: seen without looking for a day
        return self.after(0) is not None

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
