"""What the clocks on the wall of a place show, and when they show it.

A wall time is a `datetime` without a zone. In spring some wall times never come (a gap), in autumn some come twice
(a fold); PEP 495 has the words.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hookyard.timetable.problem import RuleError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = 1000


class Zone:
    """A time zone of the IANA database.

    Args:
        name: such as `Europe/Berlin`.

    Raises:
        RuleError: there is none of this name.
    """

    __slots__ = ("_info", "name")

    def __init__(self, name: str) -> None:
        try:
            self._info = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            msg = f"{name!r} is no time zone of the IANA database, such as Europe/Berlin or UTC"
            raise RuleError("timezone", msg) from error
        self.name = name

    def local(self, at: int) -> datetime:
        """The wall time, whole seconds, with its `fold`.

        Raises:
            OverflowError: it is outside of the years 1 to 9999.
        """
        moment = (_EPOCH + timedelta(seconds=at // _SECOND)).astimezone(self._info)
        return moment.replace(tzinfo=None)

    def instants(self, wall: datetime) -> tuple[int, ...]:
        """When the clocks show this: not at all, once, or twice, in order."""
        first, second = self._instant(wall, 0), self._instant(wall, 1)
        if first == second:
            return (first,)
        return (first, second) if first < second else ()

    def forward(self, wall: datetime) -> int:
        """When the clocks show this for the first time; in a gap, the end of the gap."""
        first, second = self._instant(wall, 0), self._instant(wall, 1)
        # In a gap the two offsets cross over: by the one after it the time lies before the transition.
        return first if first <= second else self.transition(second, first)

    def second_pass(self, at: int) -> int | None:
        """When the fold that `at` is in the first pass of begins again; None when it is in none."""
        wall = self.local(at)
        if wall.fold:
            return None
        first, second = self._instant(wall, 0), self._instant(wall, 1)
        return self.transition(first, second) if first < second else None

    def transition(self, before: int, after: int) -> int:
        """The first second after the one change of the offset that lies between two instants."""
        low, high = before // _SECOND, after // _SECOND
        new = self._offset(high)
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == new:
                high = middle
            else:
                low = middle
        return high * _SECOND

    def _offset(self, second: int) -> timedelta | None:
        return (_EPOCH + timedelta(seconds=second)).astimezone(self._info).utcoffset()

    def _instant(self, wall: datetime, fold: int) -> int:
        return (wall.replace(tzinfo=self._info, fold=fold) - _EPOCH) // _MILLISECOND
