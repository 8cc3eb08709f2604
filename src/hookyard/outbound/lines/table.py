"""All lines, and who of them is next.

Nobody gets all the places, however many hang. A line may begin a request only while it has fewer under way than there
are places left, so that however many of them are greedy some stay free for whoever comes next. The last quarter of the
places is for those that answer quickly, and up to a quarter of what is left of it for one, and for those that have
nothing under way and did not hang the last time. And a line that hangs shrinks to one request at a time, until it
answers.

A receiver has so many deliveries waiting in memory as it can take within :data:`PATIENCE`. What is beyond that waits
in the store, each until a time of its own, spread over the time that the line will need at its pace. That time may be
wrong, for things change: it is at most :data:`FARTHEST` away, or a quarter of the delivery's age, which makes the
number of times that a delivery is put off grow with the logarithm of its age only. A rate that was set does not change
by itself, and times that follow from it may be an hour away.
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from hookyard.model import Delivery
from hookyard.outbound.lines.breaker import NEVER
from hookyard.outbound.lines.line import Line

BACKLOG: Final = 256
"""Deliveries that wait in memory for one receiver."""
PATIENCE: Final = 20_000
"""Milliseconds that the last of them is expected to wait; a lease is longer than that and an attempt together."""
MEMORY: Final = 64 << 20
"""Bytes of bodies that wait in memory for all receivers; beyond that they wait in the store."""
SHARE: Final = MEMORY // 8
"""... and for one of them."""
KEPT: Final = MEMORY // 4
"""Of that memory, what is for receivers that answer quickly, so that those that hang cannot fill all of it."""
KEPT_SHARE: Final = KEPT // 16
"""... and for one of them."""
SLOW: Final = 250
"""A line that will not have moved on in so many milliseconds does not hold up the claims for others."""
FARTHEST: Final = 300_000
"""Milliseconds by which a delivery is put off for what may change soon, while it is young."""
RATED: Final = 3_600_000
"""... and for a rate that was set."""
_AGE: Final = 4
_LEAST: Final = 0.2
"""Milliseconds from one turn to the next, however fast a line is."""
_REMEMBERED: Final = 600_000
"""Milliseconds for which is known of the receiver of a callback URL what was wrong, and that something was put off."""
_GRAIN: Final = 1_000
"""Turns that are farther away begin together with those of the same second, so that they are claimed together."""


class Start(NamedTuple):
    """A request that begins now."""

    line: Line
    delivery: Delivery
    epoch: int
    """Of the line's breaker."""
    probe: bool
    """Whether it is the one that the breaker lets through."""


class Lines:
    """All lines, and the limits over them.

    Args:
        most: requests under way to all receivers.
        earlier: told when :attr:`due` is earlier than it was.
    """

    def __init__(self, most: int, earlier: Callable[[], None]) -> None:
        self._most = most
        self._earlier = earlier
        self._kept = most // 4
        """Places for those that are quick."""
        self._lines: dict[str, Line] = {}
        self._filled: dict[str, Line] = {}
        """Those in which deliveries wait."""
        self.ready: Final[deque[Line]] = deque()
        """Those that may be served now."""
        self._slow: deque[Line] = deque()
        """Those that hung, and wait for a place that is not kept for the quick ones."""
        self._slow_next = False
        self._timed: list[tuple[int, int, Line]] = []
        """Those that may go on at a time."""
        self._number = 0
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

    def find(self, key: str) -> Line | None:
        """The line of a receiver, if there is anything to know of it."""
        return self._lines.get(key)

    # --- who may wait here ---

    def has_place(self, line: Line, size: int, now: int) -> bool:
        """Whether a delivery with a body of this size may wait here."""
        # One that is larger than all the memory there is for them goes alone.
        if self.bytes + size > MEMORY and self.bytes:
            return False
        count = len(line.waiting) + line.reserved
        if self.bytes + size > MEMORY - KEPT and self.bytes and not _has_kept(line, size, count, now):
            return False
        if count == 0:
            return not line.gated or line.opens_at(now) <= now
        if count >= BACKLOG or line.bytes + size > SHARE:
            return False
        # Most are neither held back nor slow, which takes no division to see.
        if not line.gated and count * max(line.duration, now - line.moved_at) <= PATIENCE:
            return True
        return line.opens_at(now) <= now and count * line.step(now) <= PATIENCE

    def reserve(self, line: Line, size: int, now: int) -> bool:
        """Keep a place for a delivery that is about to be committed, if there is one and it is nobody's turn."""
        if (line.bucket is not None and line.horizon > now) or not self.has_place(line, size, now):
            return False
        line.reserved += 1
        line.bytes += size
        self.bytes += size
        return True

    def unreserve(self, line: Line, size: int) -> None:
        """Give a kept place up."""
        line.reserved -= 1
        line.bytes -= size
        self.bytes -= size

    def turn(self, line: Line, now: int, age: int = 0) -> int:
        """When a delivery that finds no place should come again: each gets a turn of its own, as the line moves.

        Args:
            line: whose it is.
            now: milliseconds.
            age: of the delivery.
        """
        line.put_off, line.put_off_at = True, now
        opens = line.opens_at(now)
        step = line.step(now)
        reach = max(RATED if step <= line.rated() else FARTHEST, age // _AGE)
        if line.horizon < opens:
            line.horizon = opens + min((len(line.waiting) + line.reserved) * step, reach)
        line.horizon += max(step, _LEAST)
        if line.horizon > opens + reach:
            # More than it can take in that time: the rest comes between them.
            line.horizon = opens + step % reach
        at = int(line.horizon)
        return max(opens, at - at % _GRAIN, now + 1) if at - now > _GRAIN else max(opens, at + 1)

    def put(self, line: Line, delivery: Delivery) -> None:
        """Let a delivery wait for its turn."""
        if not line.waiting:
            self._filled[line.key] = line
        line.waiting.append(delivery)
        line.bytes += len(delivery.body)
        self.bytes += len(delivery.body)
        self._queue(line)

    # --- who is next ---

    def next(self, now: int) -> Start | None:
        """The next delivery to send; tell :meth:`done` when it was sent."""
        if self._timed and self._timed[0][0] <= now:
            self._ripen(now)
        free = self._most - self.active
        if free <= 0:
            return None
        while (line := self._pop(free)) is not None:
            line.queued = False
            share = free if free > self._kept else max(1, free // 4)
            if not line.waiting or line.active >= min(line.window, share):
                continue  # what comes, or ends, brings it back
            if free <= self._kept and not line.quick(now):
                if not line.active:
                    line.queued = True
                    self._slow.append(line)
                continue
            if line.gated and (at := line.ready_at(now)) > now:
                self._later(line, at)
                continue
            return self._start(line, now)
        return None

    @property
    def due(self) -> int:
        """When a line that waits for its time may go on."""
        return self._timed[0][0] if self._timed else NEVER

    def look_again(self) -> None:
        """The clock went back: those that wait for a time are to be asked for it anew."""
        self.ready.extend(line for _, _, line in self._timed)
        self._timed.clear()

    def done(self, line: Line) -> None:
        """A request has ended, or was not sent after all."""
        line.active -= 1
        self.active -= 1
        self._queue(line)

    def wake(self, line: Line) -> None:
        """What held a line back may be over."""
        later = [entry for entry in self._timed if entry[2] is not line]
        if len(later) < len(self._timed):
            self._timed = later
            heapify(later)
            line.queued = False
        self._queue(line)

    # --- who has to go ---

    def take_all(self, line: Line | None = None) -> list[Delivery]:
        """Empty one line, or all of them."""
        taken: list[Delivery] = []
        for one in [line] if line is not None else list(self._filled.values()):
            while one.waiting:
                taken.append(self._drop(one))
        return taken

    def take_expiring(self, by: int) -> list[tuple[Line, Delivery]]:
        """Remove those whose lease ends before this time."""
        taken: list[tuple[Line, Delivery]] = []
        for line in list(self._filled.values()):
            while line.waiting and (line.waiting[0].lease_expires_at or 0) < by:
                taken.append((line, self._drop(line)))
        return taken

    def prune(self, now: int) -> None:
        """Forget lines without anything to remember: the hosts of callback URLs come and go, endpoints stay."""
        over = [key for key, line in self._lines.items() if line.idle and not self._remembered(line, now)]
        for key in over:
            del self._lines[key]

    def room(self, most: int, now: int) -> int:
        """How many more deliveries could be used, where `most` may be under way or about to be."""
        counted = sum(len(line.waiting) for line in self._filled.values() if not self._stuck(line, now))
        return max(0, most - self.active - counted)

    # --- within ---

    def _start(self, line: Line, now: int) -> Start:
        delivery = self._drop(line)
        self.active += 1
        probe = line.started(now)
        if line.waiting:
            self._queue(line)
        elif line.bucket is None:
            line.horizon = 0.0
        return Start(line, delivery, line.circuit.epoch, probe)

    def _drop(self, line: Line) -> Delivery:
        delivery = line.waiting.popleft()
        size = len(delivery.body)
        line.bytes -= size
        self.bytes -= size
        if not line.waiting:
            del self._filled[line.key]
        return delivery

    def _pop(self, free: int) -> Line | None:
        if self._slow and free > self._kept and (self._slow_next or not self.ready):
            self._slow_next = False
            return self._slow.popleft()
        self._slow_next = True
        return self.ready.popleft() if self.ready else None

    def _queue(self, line: Line) -> None:
        if line.waiting and not line.queued and line.active < line.window:
            line.queued = True
            self.ready.append(line)

    def _later(self, line: Line, at: int) -> None:
        if at < NEVER:  # or else the end of its probe brings it back
            line.queued = True
            self._number += 1
            heappush(self._timed, (at, self._number, line))
            if self._timed[0][2] is line:
                self._earlier()

    def _ripen(self, now: int) -> None:
        while self._timed and self._timed[0][0] <= now:
            self.ready.append(heappop(self._timed)[2])

    def _stuck(self, line: Line, now: int) -> bool:
        return len(line.waiting) * line.step(now) > SLOW

    def _remembered(self, line: Line, now: int) -> bool:
        if line.destination is not None and line.destination.endpoint is not None:
            return True
        known = line.troubled or line.behind
        return max(line.paused(now), line.horizon) > now or (known and now - line.moved_at < _REMEMBERED)


def _has_kept(line: Line, size: int, count: int, now: int) -> bool:
    """Whether a delivery may have of the memory that is kept for quick receivers."""
    return line.quick(now) and (count == 0 or (line.answered and line.bytes + size <= KEPT_SHARE))
