"""How often a line may be written that somebody else, or a disk, could repeat without end."""

from collections.abc import Callable


class Bound:
    """How many lines a flood may write: by default a hundred in ten seconds.

    Args:
        now: the time in milliseconds.
        most: how many.
        within: in how many milliseconds.
    """

    __slots__ = ("_most", "_now", "_said", "_since", "_unsaid", "_within")

    def __init__(self, now: Callable[[], int], *, most: int = 100, within: int = 10_000) -> None:
        self._now = now
        self._most = most
        self._within = within
        self._since = now()
        self._said = self._unsaid = 0

    def take(self) -> int | None:
        """How many were left out before a line that may be written now; None when this one is left out too."""
        now = self._now()
        if not 0 <= now - self._since < self._within:
            self._since, self._said = now, 0
        if self._said >= self._most:
            self._unsaid += 1
            return None
        self._said += 1
        unsaid, self._unsaid = self._unsaid, 0
        return unsaid
