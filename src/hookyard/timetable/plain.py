"""The rules that need no calendar."""

from bisect import bisect_right

from msgspec import Struct


class Every(Struct, frozen=True):
    """Again and again, by the time that really passes."""

    period: int
    """Milliseconds, at least 1."""
    anchor: int = 0
    """The first fire time; all others are whole periods later. 1970-01-01 UTC when left out, so that `5m` means
    :00, :05, :10 and a restart changes nothing."""

    def after(self, at: int) -> int | None:
        """The first fire time after `at`."""
        if at < self.anchor:
            return self.anchor
        return self.anchor + ((at - self.anchor) // self.period + 1) * self.period


class At(Struct, frozen=True):
    """At certain times only."""

    times: tuple[int, ...]
    """In order."""

    def after(self, at: int) -> int | None:
        """The first of them after `at`."""
        index = bisect_right(self.times, at)
        return self.times[index] if index < len(self.times) else None


class Never(Struct, frozen=True):
    """Not by time: what fires after something else has happened."""

    def after(self, at: int) -> int | None:
        """None."""
        del at
        return None
