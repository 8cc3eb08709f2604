"""The tasks that send: each takes one delivery after the other, and waits to be handed the next."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from hookyard.clock import Clock
from hookyard.outbound.lines import Lines, Start

_MOST_WAITING: Final = 64
"""Tasks that are kept while there is nothing to do."""


class Workers:
    """As many tasks as there are requests under way, and some that wait for work.

    Args:
        lines: know who is next; a place is taken there before a task is handed a delivery.
        serve: makes one attempt and frees its place.
        clock: where time comes from.
    """

    def __init__(self, lines: Lines, serve: Callable[[Start], Awaitable[None]], clock: Clock) -> None:
        self._lines = lines
        self._serve = serve
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: list[asyncio.Future[Start]] = []

    def pump(self, now: int) -> None:
        """Send what can be sent now."""
        while (start := self._lines.next(now)) is not None:
            if self._waiting:
                self._waiting.pop().set_result(start)
            else:
                task = asyncio.ensure_future(self._work(start))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End all tasks, whatever they do."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, start: Start) -> None:
        while True:
            await self._serve(start)
            now = self._clock.now()
            found = self._lines.next(now)
            if found is None:
                if len(self._waiting) >= _MOST_WAITING:
                    return
                future = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                found = await future
            elif self._lines.ready:
                self.pump(now)  # one that answers may allow more than one
            start = found
