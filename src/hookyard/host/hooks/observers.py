"""Telling of what has happened, without waiting: each observer has a line of its own, and only itself to hold up."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hookyard.host.hooks.calling import Caller
from hookyard.host.hooks.table import Implementation

AT_ONCE: Final = 16
"""How many calls of one observer are under way at once; the others wait in line, in their order."""
MOST_WAITING: Final = 1000
"""What comes on top of that many is dropped, counted and logged."""


class Observers:
    """Tells observers. Used on one event loop.

    Args:
        caller: how one of them is called.
        seconds: how long one call may take.
    """

    def __init__(self, caller: Caller, seconds: float) -> None:
        self._caller = caller
        self._seconds = seconds
        self._lines: dict[Implementation, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, each: Implementation, event: Struct) -> None:
        """Have it told, now or when it is its turn."""
        line = self._lines.get(each)
        if line is None:
            line = self._lines[each] = _Line()
        if line.running < AT_ONCE:
            line.running += 1
            task = asyncio.get_running_loop().create_task(self._work(each, line, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(line.waiting) < MOST_WAITING:
            line.waiting.append(event)
        else:
            self._caller.recorder.drop(each.record)

    async def _work(self, each: Implementation, line: "_Line", event: Struct) -> None:
        """Tell of this, and then of what has come in the meantime."""
        following: Struct | None = event
        while following is not None:
            await self._caller.call(each, {"event": following}, self._seconds)
            following = line.waiting.popleft() if line.waiting else None
        line.running -= 1
        if line.running == 0:
            self._lines.pop(each, None)

    async def quiet(self, seconds: float, report: Callable[[int], None]) -> None:
        """Wait until all is told, but not longer; `report` is then called with how much is not."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            if late:
                report(len(late) + sum(len(line.waiting) for line in self._lines.values()))
            for line in self._lines.values():
                line.waiting.clear()
            for task in late:
                task.cancel()


class _Line:
    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[Struct] = deque()
