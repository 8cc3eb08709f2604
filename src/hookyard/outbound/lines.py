"""Who is sent to next: one line of waiting deliveries for each receiver, served in turn.

A receiver has at most so many requests under way and so many deliveries waiting in memory; what is beyond that waits
in the store. So one that hangs holds its own share and nothing of the others'.
"""

from collections import deque
from typing import Final

from hookyard.model import Delivery

BACKLOG: Final = 256
"""Deliveries that wait in memory for one receiver."""
MEMORY: Final = 64 << 20
"""Bytes of bodies that wait in memory for all receivers; beyond that they wait in the store."""
SLOW: Final = 250
"""A line that will not have moved on in so many milliseconds does not hold up the claims for others."""
FARTHEST: Final = 300_000
"""Milliseconds by which a delivery is put off at most because its line is full."""


class Line:
    """The deliveries of one receiver."""

    __slots__ = ("active", "duration", "horizon", "key", "moved_at", "paused_until", "queued", "reserved", "waiting")

    def __init__(self, key: str) -> None:
        self.key: Final = key
        self.waiting: deque[Delivery] = deque()
        self.active = 0
        """Requests under way."""
        self.reserved = 0
        """Places promised to deliveries that are about to be committed."""
        self.queued = False
        """Whether it stands among the lines that can be served now."""
        self.paused_until = 0
        self.duration = 0.0
        """Milliseconds a request takes, a moving average."""
        self.moved_at = 0
        """When a request last began or ended."""
        self.horizon = 0.0
        """The time up to which its turns are taken by deliveries that were put off."""

    @property
    def idle(self) -> bool:
        """Whether nothing is going on here."""
        return not (self.active or self.reserved or self.waiting)

    def pace(self, now: int) -> float:
        """Milliseconds a request takes here: as the last ones did, or as long as nothing has moved."""
        return max(self.duration, now - self.moved_at) if self.active else self.duration


class Lines:
    """All lines, and the limits over them.

    Args:
        per_line: requests under way to one receiver.
    """

    def __init__(self, per_line: int) -> None:
        self._per_line = per_line
        self._lines: dict[str, Line] = {}
        self._ready: deque[Line] = deque()
        self.active = 0
        """Requests under way."""
        self.bytes = 0
        """Of the bodies waiting or promised a place."""

    def line(self, key: str) -> Line:
        """The line of a receiver."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(key)
        return line

    def has_place(self, line: Line, size: int, now: int) -> bool:
        """Whether a delivery with a body of this size may wait here."""
        # One that is larger than all the memory there is for them goes alone.
        fits = self.bytes + size <= MEMORY or self.bytes == 0
        return fits and len(line.waiting) + line.reserved < BACKLOG and line.paused_until <= now

    def turn(self, line: Line, now: int) -> int:
        """When a delivery that finds no place should come again: each gets a turn of its own, as the line moves."""
        if line.paused_until > now:
            return line.paused_until
        line.horizon = min(max(line.horizon, now) + line.pace(now) / self._per_line, now + FARTHEST)
        return int(line.horizon) + 1

    def reserve(self, line: Line, size: int) -> None:
        """Keep a place for a delivery that is about to be committed."""
        line.reserved += 1
        self.bytes += size

    def unreserve(self, line: Line, size: int) -> None:
        """Give a kept place up."""
        line.reserved -= 1
        self.bytes -= size

    def put(self, line: Line, delivery: Delivery) -> None:
        """Let a delivery wait for its turn."""
        line.waiting.append(delivery)
        self.bytes += len(delivery.body)
        self._queue(line)

    def next(self, now: int) -> tuple[Line, Delivery] | None:
        """The next delivery to send; tell :meth:`done` when it was sent."""
        while self._ready:
            line = self._ready.popleft()
            line.queued = False
            if not line.waiting or line.active >= self._per_line:
                continue
            delivery = line.waiting.popleft()
            self.bytes -= len(delivery.body)
            line.active += 1
            line.moved_at = now
            self.active += 1
            self._queue(line)
            return line, delivery
        return None

    def done(self, line: Line, now: int, duration: int) -> None:
        """A request has ended that took so many milliseconds."""
        line.active -= 1
        self.active -= 1
        line.moved_at = now
        line.duration += (duration - line.duration) / 8
        self._queue(line)

    def take_all(self, line: Line | None = None) -> list[Delivery]:
        """Empty one line, or all of them."""
        taken: list[Delivery] = []
        for one in [line] if line is not None else list(self._lines.values()):
            taken += one.waiting
            one.waiting.clear()
        self.bytes -= sum(len(delivery.body) for delivery in taken)
        return taken

    def take_expiring(self, by: int) -> list[Delivery]:
        """Remove those whose lease ends before this time."""
        taken: list[Delivery] = []
        for line in self._lines.values():
            while line.waiting and (line.waiting[0].lease_expires_at or 0) < by:
                taken.append(line.waiting.popleft())
        self.bytes -= sum(len(delivery.body) for delivery in taken)
        return taken

    def prune(self, now: int) -> None:
        """Forget lines without anything to remember: the hosts of callback URLs come and go."""
        over = [key for key, line in self._lines.items() if line.idle and max(line.paused_until, line.horizon) <= now]
        for key in over:
            del self._lines[key]

    def room(self, most: int, now: int) -> int:
        """How many more deliveries could be used, where `most` may be under way or about to be."""
        counted = sum(len(line.waiting) for line in self._lines.values() if not self._slow(line, now))
        return max(0, most - self.active - counted)

    def _slow(self, line: Line, now: int) -> bool:
        if line.active < self._per_line:
            return False
        return len(line.waiting) * line.pace(now) > SLOW * self._per_line

    def _queue(self, line: Line) -> None:
        if line.waiting and not line.queued and line.active < self._per_line:
            line.queued = True
            self._ready.append(line)
