"""The circuit breaker of one command: closed, open, half open."""

from typing import Final

from hookyard.model import AttemptOutcome, Breaker, BreakerState

_FAILURES: Final = frozenset({"failed", "timed_out"})
_UNTOLD: Final = frozenset({"cancelled", "released", "lost"})
"""These say nothing about the command."""


class CircuitBreaker:
    """Says how many of a lane's attempts may start, by how the earlier ones of a command ended.

    What began before it was last half open is an old attempt: it neither closes it nor opens it again, and takes no
    place among the probes.

    Args:
        command: `plugin/command`.
        settings: when it opens, and for how long.

    Attributes:
        state: `closed`, `open` or `half_open`.
        failures: how many there have been in a row.
        since: when it came into its state; None at first.
        until: when an open one half opens.
    """

    __slots__ = ("_old", "_succeeded", "command", "failures", "settings", "since", "state", "until")

    def __init__(self, command: str, settings: Breaker) -> None:
        self.command: Final = command
        self.settings = settings
        self.state: BreakerState = "closed"
        self.failures = 0
        self.since: int | None = None
        self.until = 0
        self._old = 0
        self._succeeded = 0

    def use(self, settings: Breaker) -> None:
        """Go on with these settings; what has been counted stays."""
        if self.state == "open" and self.since is not None:
            self.until = self.since + _millis(settings)
        self.settings = settings

    def room(self, running: int) -> int | None:
        """How many more of the lane may start while so many of it run; None: it does not matter."""
        if self.state == "closed":
            return None
        if self.state == "open":
            return 0
        return max(0, self.settings.probes - self._succeeded - max(0, running - self._old))

    def elapse(self, now: int, running: int) -> bool:
        """Half open if the time has come; whether that is so.

        Args:
            now: milliseconds; when it lies before :attr:`since`, the clock went back, and the cooldown begins again.
            running: how many of the lane run: the old attempts.
        """
        if self.since is not None and now < self.since:
            self.since = now
            self.until = min(self.until, now + _millis(self.settings))
        if self.state != "open" or now < self.until:
            return False
        self.state, self.since = "half_open", now
        self._old, self._succeeded = running, 0
        return True

    def ended(self, outcome: AttemptOutcome, began: int, now: int) -> bool:
        """An attempt of the command has ended; whether the state is another now.

        Args:
            outcome: how it ended.
            began: when it began.
            now: milliseconds.
        """
        if self.state == "open" or self.passed(began) or outcome in _UNTOLD:
            return False
        if outcome in _FAILURES:
            self.failures += 1
            if self.state == "half_open" or self.failures >= self.settings.failures:
                self._turn("open", now)
                self.until = now + _millis(self.settings)
                return True
            return False
        self.failures = 0
        if self.state == "closed":
            return False
        self._succeeded += 1
        if self._succeeded < self.settings.probes:
            return False
        self._turn("closed", now)
        return True

    def passed(self, began: int) -> bool:
        """An attempt of whichever command of the lane has ended; whether it was an old one, which proves nothing."""
        if self.state != "half_open" or self.since is None or began >= self.since:
            return False
        self._old = max(0, self._old - 1)
        return True

    def _turn(self, state: BreakerState, now: int) -> None:
        self.state, self.since = state, now


def _millis(settings: Breaker) -> int:
    return max(1, round(settings.cooldown * 1000))
