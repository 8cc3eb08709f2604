"""All schedules in memory, the one that is due first at the top: looking for what is due costs nothing per schedule."""

import heapq
from collections.abc import Iterable, Iterator

from hookyard.dispatch.schedules.entry import Entry
from hookyard.model import Schedule


class Book:
    """The schedules by name, with a heap over when each is due."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._followers: dict[str, Entry] = {}
        self._heap: list[tuple[int, str]] = []
        self._queued: dict[str, int] = {}
        """For each schedule in the heap the time of its valid place; older ones are passed over."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def get(self, name: str) -> Entry | None:
        """One of them."""
        return self._entries.get(name)

    @property
    def followers(self) -> list[Entry]:
        """Those that come after something else."""
        return list(self._followers.values())

    def load(self, rows: Iterable[Schedule]) -> None:
        """Know these, and no others."""
        self._entries.clear()
        self._followers.clear()
        self._heap.clear()
        self._queued.clear()
        for row in rows:
            self.put(Entry.of(row))

    def put(self, entry: Entry, *, due: int | None = None) -> None:
        """Know a schedule as this from now on.

        Args:
            entry: the schedule.
            due: when to look at it again, if not when it is due.
        """
        name = entry.row.name
        self._entries[name] = entry
        self._followers.pop(name, None)
        if entry.settings is not None and entry.settings.after is not None:
            self._followers[name] = entry
        at = entry.due if due is None else due
        if at is None:
            self._queued.pop(name, None)
        elif self._queued.get(name) != at:
            self._queued[name] = at
            heapq.heappush(self._heap, (at, name))

    def remove(self, name: str) -> None:
        """Forget one."""
        self._entries.pop(name, None)
        self._followers.pop(name, None)
        self._queued.pop(name, None)

    def next_due(self) -> int | None:
        """When the first is due."""
        while self._heap and self._queued.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: int) -> list[Entry]:
        """Take those that are due out of the heap; each is put back with :meth:`put`."""
        found: list[Entry] = []
        while (at := self.next_due()) is not None and at <= now:
            _, name = heapq.heappop(self._heap)
            del self._queued[name]
            found.append(self._entries[name])
        return found
