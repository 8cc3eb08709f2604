"""How many jobs of each lane are queued: counted by the one writer as it goes, so that nobody counts rows."""

from collections.abc import Iterable

Mark = dict[str, int]
"""What a transaction has changed so far."""


class Depths:
    """Numbers of queued jobs by lane: what is committed, and what the transaction under way changes."""

    def __init__(self, committed: Iterable[tuple[str, int]] = ()) -> None:
        self._committed = dict(committed)
        self._staged: Mark = {}

    def add(self, lane: str, count: int) -> None:
        """Count jobs in, or with a negative number out."""
        self._staged[lane] = self._staged.get(lane, 0) + count

    def queued(self, lane: str) -> int:
        """How many there are, as the transaction has it."""
        return self._committed.get(lane, 0) + self._staged.get(lane, 0)

    def mark(self) -> Mark:
        """Where the transaction stands, for :meth:`back_to`."""
        return dict(self._staged)

    def back_to(self, mark: Mark) -> None:
        """Undo what came since."""
        self._staged = dict(mark)

    def commit(self) -> None:
        """The transaction is committed."""
        if self._staged:
            for lane, change in self._staged.items():
                now = self._committed.get(lane, 0) + change
                if now:
                    self._committed[lane] = now
                else:
                    self._committed.pop(lane, None)
            self._staged = {}

    def drop(self) -> None:
        """It is rolled back."""
        self._staged = {}

    def now(self) -> dict[str, int]:
        """What is committed; from any thread."""
        return self._committed.copy()
