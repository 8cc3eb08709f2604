"""How many may start in how much time, jobs or requests: a token bucket."""

from typing import Final

from hookyard.config.values import Rate


class Bucket:
    """Holds tokens, of which each start takes one, and gets them back at a steady rate.

    Everything is counted in whole parts of a token, one for each millisecond of `per`, so that no rounding adds up.
    A clock that goes back gives nothing and takes nothing.

    Args:
        rate: how many in how much time.
        burst: how many it holds at most; it begins full.
        now: milliseconds.
    """

    __slots__ = ("_at", "_most", "_parts", "burst", "rate")

    def __init__(self, rate: Rate, burst: int | None, now: int) -> None:
        self.rate: Final = rate
        self.burst: Final = rate.count if burst is None else burst
        self._most = self.burst * rate.per
        self._parts = self._most
        self._at = now

    def tokens(self, now: int) -> int:
        """How many there are; never less than 0."""
        passed, self._at = now - self._at, now
        if passed > 0:
            self._parts = min(self._most, self._parts + passed * self.rate.count)
        return max(0, self._parts // self.rate.per)

    def take(self, count: int) -> None:
        """Take so many, or with a negative number give some back.

        More than there are may be taken: it then stands empty for as long as that takes to make up for.
        """
        self._parts = min(self._most, self._parts - count * self.rate.per)

    def next_at(self, now: int) -> int:
        """When there is one."""
        self.tokens(now)
        missing = self.rate.per - self._parts
        return now if missing <= 0 else now - (-missing // self.rate.count)

    def renewed(self, rate: Rate, burst: int | None, now: int) -> "Bucket":
        """The bucket under a new rate: what was used up of it stays used up, in the same share."""
        made = Bucket(rate, burst, now)
        if (made.rate, made.burst) == (self.rate, self.burst):
            return self
        self.tokens(now)
        made._parts = made._most * self._parts // self._most
        return made
