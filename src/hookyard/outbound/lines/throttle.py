"""How fast a receiver is sent to that has said it is too much: half as fast, then steadily more again.

Additive increase, multiplicative decrease: an answer that says slow down halves what was sent in the last second;
every success then adds to that, in proportion to the time that has passed. After ten seconds of successes it is as fast
as it was when it was told; from then on it doubles every ten seconds, until it is free. From the lowest rate there is
to 20,000 a second that takes three minutes.
"""

from math import ceil
from typing import Final

SLOWEST: Final = 0.1
"""Requests a second: however often a receiver says so, it gets one in ten seconds."""
FREE: Final = 1_000.0
"""Requests a second beyond which a line without a rate of its own is not held back any more."""
RISE: Final = 10_000
"""Milliseconds of successes after which a lowered rate is what it was, and then twice that, and so on."""
SLACK: Final = 100
"""Milliseconds by which a request may be early, so that those of a fast line can leave together."""
_SECOND: Final = 1_000


class Throttle:
    """The pace of one line.

    Attributes:
        rate: requests a second; None while it is not held back.
    """

    __slots__ = ("_at", "_before", "_ceiling", "_count", "_free", "_lowered_at", "_second", "_tat", "rate")

    def __init__(self) -> None:
        self.rate: float | None = None
        self._lowered_at = -1
        self._at = 0
        """Up to when the time has been counted that made it rise."""
        self._ceiling = 0.0
        self._free = FREE
        self._tat = 0.0
        """When the next request would leave if all were evenly spaced."""
        self._second = 0
        self._count = 0
        self._before = 0

    def ready_at(self, now: int) -> int:
        """When the next request may leave."""
        if self.rate is None:
            return now
        # A clock that went back does not stop the line for longer than one request takes.
        self._tat = min(self._tat, now + SLACK + _SECOND / self.rate)
        return max(now, ceil(self._tat - SLACK))

    def started(self, now: int) -> None:
        """A request leaves."""
        if now // _SECOND != self._second:
            self._roll(now // _SECOND)
        self._count += 1
        if self.rate is not None:
            self._tat = max(self._tat, now) + _SECOND / self.rate

    def did(self, now: int) -> float:
        """Requests that left within the last second, as well as two counts tell."""
        if now // _SECOND != self._second:
            self._roll(now // _SECOND)
        return self._before * (1 - now % _SECOND / _SECOND) + self._count

    def lower(self, began: int, now: int, until: int, most: float | None) -> bool:
        """A receiver says slow down; whether that is news. What had left before it was slowed down says nothing new.

        Args:
            began: when the request that it answers began.
            now: milliseconds.
            until: when the pause ends that it asks for; the time until then does not count as one of success.
            most: requests a second that the line may ever send; None: any number.
        """
        if began <= self._lowered_at <= now:
            return False
        did = max(1.0, self.did(now))
        if self.rate is None:
            self._free = max(FREE, did) if most is None else most
            did = min(did, self._free)
        else:
            did = min(did, self.rate)
        self.rate = max(min(SLOWEST, self._free), did / 2)
        self._ceiling = min(2 * self.rate, self._free)
        self._lowered_at, self._at = now, max(now, until)
        self._tat = 0.0
        return True

    def succeeded(self, began: int, now: int) -> None:
        """A request that had left since then arrived."""
        rate = self.rate
        if rate is None or began <= self._lowered_at <= now:
            return
        passed = float(now - self._at)
        self._at = now
        while passed > 0:
            slope = self._ceiling / 2 / RISE
            needs = (self._ceiling - rate) / slope
            if passed < needs:
                self.rate = rate + slope * passed
                break
            passed -= needs
            rate = self.rate = self._ceiling
            self._ceiling = min(2 * rate, self._free)
            if rate >= self._free:
                self.rate = None
                return

    def _roll(self, second: int) -> None:
        self._before = self._count if second == self._second + 1 else 0
        self._second, self._count = second, 0
