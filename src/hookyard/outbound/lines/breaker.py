"""The breaker of one line: leaves a receiver alone that only fails, and then sends it one delivery to see.

Closed, it counts failures in a row. Open, nothing is sent. Once its cooldown is over the next delivery is the probe,
the only one under way: it half opens the breaker and closes it, or opens it again for twice as long. Every one of these
turns begins a new epoch, and what was sent in an earlier epoch counts for nothing.

Somebody who says that the receiver is mended has the probe sent at once. When it is not, the cooldown begins anew and
is no longer than it was: whoever asks too early does not make it longer.
"""

from typing import Final, Literal

from hookyard.config.model import EndpointBreaker

State = Literal["closed", "open", "half_open"]
NEVER: Final = 1 << 62


class LineBreaker:
    """The breaker's state.

    Attributes:
        state: `closed`, `open` or `half_open`.
        failures: how many there have been in a row.
        until: up to when an open one stays so.
        epoch: the number of its turns so far.
    """

    __slots__ = ("_asked", "_cooldown", "_settings", "_since", "epoch", "failures", "state", "until")

    def __init__(self) -> None:
        self._settings: EndpointBreaker | None = None
        self.state: State = "closed"
        self.failures = 0
        self.until = 0
        self.epoch = 0
        self._since = 0
        self._cooldown = 0
        self._asked = False
        """Whether somebody asked for the next probe, or for the one under way."""

    def use(self, settings: EndpointBreaker | None) -> None:
        """Go on by these settings; None: it never opens, and is closed now."""
        self._settings = settings
        if settings is None:
            self.close()

    def close(self) -> None:
        """Forget all failures."""
        self._turn("closed", 0)
        self.failures = 0
        self._asked = False

    def ready_at(self, now: int) -> int:
        """When the next request may leave; :data:`NEVER` until the probe is back."""
        if self.state == "closed":
            return now
        if self.state == "half_open":
            return NEVER
        if now < self._since:  # the clock went back: at most one cooldown more
            self._since, self.until = now, min(self.until, now + self._cooldown)
        return max(now, self.until)

    def probe(self, now: int) -> bool:
        """Let the probe of an open one leave now; False when there is none to wait for, or its time has come."""
        if self.ready_at(now) <= now or self.state != "open":
            return False
        self.until = now
        self._asked = True
        return True

    def started(self, now: int) -> bool:
        """A request leaves that may; whether it is the probe."""
        if self.state != "open":
            return False
        self._turn("half_open", now)
        return True

    def ended(self, alive: bool | None, epoch: int, now: int) -> bool:
        """A request that began in this epoch has ended; whether that turned the breaker, as is to be told.

        Args:
            alive: whether somebody is there; None when it says nothing of that, or nothing was sent.
            epoch: as it was when the request began.
            now: milliseconds.
        """
        settings = self._settings
        if epoch != self.epoch or settings is None:
            return False
        if alive:
            self.failures = 0
            if self.state == "closed":
                return False
            self.close()
            return True
        if alive is None:
            if self.state == "half_open":
                self._turn("open", now)
                self.until = now
            return False
        self.failures += 1
        if self.state == "half_open":
            if not self._asked:
                self._cooldown = min(2 * self._cooldown, max(1, int(settings.longest)))
            self._asked = False
        elif self.failures >= settings.failures:
            self._cooldown = max(1, int(settings.cooldown))
        else:
            return False
        self._turn("open", now)
        self.until = now + self._cooldown
        return True

    def _turn(self, state: State, now: int) -> None:
        self.state, self._since = state, now
        self.epoch += 1
