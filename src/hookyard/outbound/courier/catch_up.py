"""What was put off for a receiver comes forward as fast as it can be sent to.

A delivery for which a line has no place is put off to a turn of its own, at the pace of that moment: of a receiver that
hung, failed or said slow down. When it is well again those turns are much too late. So whenever a request to an
endpoint has ended and little waits for it in memory, the store is asked for some of what was put off for it, the
oldest first: as many as are needed for some seconds, until there are no more.

For callback URLs it is the same, but that what is put off for all of them lies together in the store: so much of it is
looked through at once, and the next time it goes on there.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.outbound.courier.ledger import Writer
from hookyard.outbound.destination import Destination
from hookyard.outbound.lines import Line
from hookyard.store.contract import DeliveriesMoved, ResumeDeliveries
from hookyard.store.origins import origin_of

_log = log.get("outbound")
AHEAD: Final = 4_000
"""Milliseconds for which what is brought forward at once should last."""
PAGES: Final = 20
"""How often what is put off for callback URLs is looked at in a row, in a transaction each."""
_MOST: Final = 128
"""... and how many they are at most, of the places that there are in memory for one receiver."""


class CatchUp:
    """Brings forward what lines have put off, for each of them once at a time.

    Args:
        writer: the store.
        due: told that something is due.
        clock: where time comes from.
    """

    def __init__(self, *, writer: Writer, due: Callable[[int], None], clock: Clock) -> None:
        self._writer = writer
        self._due = due
        self._clock = clock
        self._busy: dict[Line, asyncio.Task[None]] = {}

    def look(self, line: Line) -> None:
        """A request has ended on a line that has put deliveries off: see whether it could do with some of them."""
        now = self._clock.now()
        destination = line.destination
        if line in self._busy or destination is None or not line.flows(now):
            return
        step = line.step(now)
        wanted = _MOST if step * _MOST <= AHEAD else max(1, int(AHEAD / step))
        waiting = len(line.waiting) + line.reserved
        if 2 * waiting >= wanted:
            return
        self._busy[line] = task = asyncio.ensure_future(self._bring(line, destination, wanted - waiting))
        task.add_done_callback(lambda _: self._busy.pop(line, None))

    async def aclose(self) -> None:
        """Wait for the transactions under way."""
        if self._busy:
            await asyncio.wait(list(self._busy.values()))

    async def _bring(self, line: Line, destination: Destination, count: int) -> None:
        line.behind = False  # unless something is put off meanwhile
        now, moved = self._clock.now(), 0
        try:
            for _ in range(1 if destination.endpoint is not None else PAGES):
                result = await self._writer.submit(_asked(line, destination, now, count - moved))
                if not isinstance(result, DeliveriesMoved):
                    return
                moved += result.count
                line.resume_after = result.next
                if result.count:
                    self._due(now)
                if result.next is None or moved == count:
                    break
        except (StoreUnavailable, StoreError) as error:
            line.behind = True
            _log.warning("delivery.not_brought_forward", endpoint=destination.endpoint or line.key, detail=str(error))
            return
        line.behind = line.behind or line.resume_after is not None or moved == count


def _asked(line: Line, destination: Destination, now: int, count: int) -> ResumeDeliveries:
    if destination.endpoint is not None:
        return ResumeDeliveries(now=now, endpoint=destination.endpoint, limit=count)
    origin = origin_of(destination.url)
    return ResumeDeliveries(now=now, endpoint=None, origin=origin, after=line.resume_after, limit=count)
