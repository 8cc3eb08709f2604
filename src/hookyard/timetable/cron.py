"""Cron expressions over the wall clock of a place.

cronsim finds the wall times; which instants they are is said here, after Debian's cron:

- An expression with fixed times of day, that is with no `*` at the start of its second, minute and hour, runs once
  for each wall time. One that falls into a gap is run at the end of the gap, several that do are run once; one that
  comes twice is run at the first.
- Any other expression follows the time that really passes: what lies in a gap is left out, and in a fold it goes on
  as before, so that `*/15 * * * *` runs every 15 minutes whatever the clocks do.
"""

from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from cronsim import CronSim, CronSimError

from hookyard.timetable.problem import RuleError
from hookyard.timetable.zone import Zone

_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS: Final = (5, 6)
_PROBE: Final = datetime(2000, 1, 1)  # noqa: DTZ001  a wall time
_LONGEST: Final = 1000
"""Characters of an expression."""
_TRIES: Final = 100_000
"""More wall times than the longest gap there was has: a day, by the second."""
_SECOND: Final = timedelta(seconds=1)


class Cron:
    """The instants of an expression.

    Args:
        text: five fields, or six with seconds first; or a name such as `@daily`.
        zone: whose wall clock it is about.

    Raises:
        RuleError: it is none, or it never comes.
    """

    __slots__ = ("_fixed", "_sim", "_zone")

    def __init__(self, text: str, zone: Zone) -> None:
        expression = _NAMED.get(text.strip().lower(), text)
        if len(text) > _LONGEST:
            raise RuleError("cron", f"expected at most {_LONGEST} characters, found {len(text)}")
        fields = expression.split()
        if len(fields) not in _FIELDS:
            found = f"found {text!r}" if text.startswith("@") else f"found {len(fields)}"
            msg = f"expected five fields (minute, hour, day, month, weekday), or six with seconds first; {found}"
            raise RuleError("cron", msg)
        self._zone = zone
        self._fixed = not any(field.startswith("*") for field in fields[:-3])
        try:
            self._sim = CronSim(expression, _PROBE)
            comes = next(self._walls(_PROBE), None)
        except CronSimError as error:
            msg = f"{text!r} is no cron expression: {_lower(str(error))}"
            raise RuleError("cron", msg) from error
        if comes is None:
            msg = f"{text!r} never comes"
            raise RuleError("cron", msg)

    def after(self, at: int) -> int | None:
        """The first instant after `at`; None when there is none up to the year 9999."""
        try:
            return self._fixed_after(at) if self._fixed else self._passing_after(at)
        except OverflowError:
            return None

    @property
    def times_of_day(self) -> list[int]:
        """The wall times that its fields name, in seconds since midnight and in order, whatever the day."""
        sim = self._sim
        hours, minutes, seconds = sorted(sim.hours), sorted(sim.minutes), sorted(sim.seconds)
        return [(hour * 60 + minute) * 60 + second for hour in hours for minute in minutes for second in seconds]

    def _fixed_after(self, at: int) -> int | None:
        walls = islice(self._walls(self._zone.local(at)), _TRIES)
        return next((found for found in map(self._zone.forward, walls) if found > at), None)

    def _passing_after(self, at: int) -> int | None:
        wall = self._zone.local(at)
        found = self._first(wall, at)
        again = self._zone.second_pass(at)
        if again is None or (found is not None and found < again):
            return found
        # The clocks are about to go back: wall times up to this one come again first.
        return self._first(self._zone.local(again) - _SECOND, again - 1)

    def _first(self, wall: datetime, at: int) -> int | None:
        for candidate in islice(self._walls(wall), _TRIES):
            for found in self._zone.instants(candidate):
                if found > at:
                    return found
        return None

    def _walls(self, wall: datetime) -> Iterator[datetime]:
        """The wall times after one."""
        try:
            sim = copy(self._sim)  # it has been read already; where it stands is all that changes in it
            sim.dt = wall.replace(fold=0)
            yield from sim
        except (OverflowError, ValueError):  # the end of the year 9999
            return


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
