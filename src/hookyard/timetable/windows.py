"""When fire times count: between local times, on some days, and not on others."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from msgspec import Struct

from hookyard.timetable.problem import RuleError
from hookyard.timetable.zone import Zone

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time()
_LEAP: Final = 2000
_DAYS_AT_ONCE: Final = 400
"""Closed days that one step goes over: a year and a month."""


class Window(Struct, frozen=True):
    """A part of the day: from `opens` up to but not including `closes`, which may be on the day after."""

    opens: time
    closes: time
    days: frozenset[int] = frozenset()
    """The weekdays on which it opens, Monday being 0; empty is every day."""

    def holds(self, wall: datetime) -> bool:
        """Whether a wall time is in it."""
        now, today = wall.time(), wall.weekday()
        if self.opens < self.closes:
            return self.opens <= now < self.closes and self._on(today)
        # Over midnight: the early hours belong to the day before.
        return (now >= self.opens and self._on(today)) or (now < self.closes and self._on((today - 1) % 7))

    def meets(self, times: Sequence[int]) -> bool:
        """Whether it holds any of these times of day, which are seconds since midnight and in order."""
        opens, closes = _seconds(self.opens), _seconds(self.closes)
        if opens < closes:
            return bisect_left(times, opens) < bisect_left(times, closes)
        return bool(times) and (times[-1] >= opens or times[0] < closes)

    def _on(self, day: int) -> bool:
        return not self.days or day in self.days


class Filter(Struct, frozen=True):
    """Which of the times that a rule gives are fire times.

    Args:
        zone: whose wall clock counts.
        windows: any of which must hold; none at all hold always.
        days: weekdays that are left out.
        dates: days that are left out.
        yearly: likewise, every year: month and day.
    """

    zone: Zone
    windows: tuple[Window, ...] = ()
    days: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def opens(self, at: int) -> int:
        """`at` itself when it counts, else a later time before which none does.

        Raises:
            OverflowError: that is after the year 9999.
        """
        wall = self.zone.local(at)
        day = wall.date()
        if self._closed(day):
            for _ in range(_DAYS_AT_ONCE):
                day += _DAY
                if not self._closed(day):
                    break
            return self._later(at, datetime.combine(day, _MIDNIGHT))
        if not self.windows or any(window.holds(wall) for window in self.windows):
            return at
        tomorrow = datetime.combine(day + _DAY, _MIDNIGHT)
        edges = [datetime.combine(day, window.opens) for window in self.windows]
        return self._later(at, min([tomorrow, *(edge for edge in edges if edge > wall)]))

    def meets(self, times: Sequence[int]) -> bool:
        """Whether any of these times of day can count, as far as that does not depend on the day."""
        return not self.windows or any(window.meets(times) for window in self.windows)

    def _closed(self, day: date) -> bool:
        return day.weekday() in self.days or day in self.dates or (day.month, day.day) in self.yearly

    def _later(self, at: int, wall: datetime) -> int:
        # Where the clocks go back just before, the first of two such walls may lie behind: then a second is a step.
        return max(self.zone.forward(wall), at + 1000)


def _seconds(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) * 60 + moment.second


def parse_time(text: str, path: str) -> time:
    """Read a time of day such as `08:30` or `22:00:30`; `24:00` is midnight.

    Raises:
        RuleError: it is none.
    """
    try:
        if text == "24:00":
            return _MIDNIGHT
        if len(text) in (5, 8) and text[2] == ":" and text.isascii():
            found = time.fromisoformat(text)
            if found.tzinfo is None:
                return found
    except ValueError:
        pass
    msg = f"{text!r} is no time of day such as 08:30"
    raise RuleError(path, msg)


def parse_day(text: str, path: str) -> int | date | tuple[int, int]:
    """Read a day: a weekday such as `sun`, a date such as `2027-01-06`, or one of every year such as `12-25`.

    Raises:
        RuleError: it is none.
    """
    if text.lower() in DAYS:
        return DAYS.index(text.lower())
    try:
        if len(text) == len("2027-01-06"):
            return date.fromisoformat(text)
        if len(text) == len("12-25") and text[2] == "-":
            found = date.fromisoformat(f"{_LEAP}-{text}")
            return found.month, found.day
    except ValueError:
        pass
    msg = f"{text!r} is neither a weekday ({', '.join(DAYS)}) nor a day such as 2027-01-06 or 12-25"
    raise RuleError(path, msg)
