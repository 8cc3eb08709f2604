"""What was put off for a receiver comes forward as fast as it can be sent to.

A delivery for which a line has no place is put off to a turn of its own, at the pace of that moment: of a receiver that
hung, failed or said slow down. When it is well again those turns are much too late. So whenever a request to an
endpoint has ended and little waits for it in memory, the store is asked for some of what was put off for it, the
oldest first: as many as are needed for some seconds, until there are no more.

For callback URLs it is the same, but that what is put off for all of them lies together in the store. A line walks
through it: so many pages after one request, and after the next one it goes on there. What is put off meanwhile may lie
before that place, so that when the end is reached another walk follows. However many lines walk, one page at a time is
in the store, and everybody else's work has its turn before the next.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.outbound.courier.ledger import Writer
from hookyard.outbound.destination import Destination
from hookyard.outbound.lines import Line
from hookyard.store.contract import DeliveriesMoved, ResumeCallbacks, ResumeDeliveries
from hookyard.store.origins import origin_of

_log = log.get("outbound")
AHEAD: Final = 4_000
"""Milliseconds for which what is brought forward at once should last."""
_MOST: Final = 128
"""... and how many they are at most, of the places that there are in memory for one receiver."""
PAGES: Final = 200
"""How many pages of what is put off for callback URLs are looked at after one request, in a transaction each."""
STORED: Final = 1_000
"""Milliseconds after which what was put off is in the store: what tells of progress may wait before for others."""


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
        self._page = asyncio.Lock()
        """Held by the line whose page is in the store."""

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
        now, moved = self._clock.now(), 0
        if line.resume_after is None:
            # A walk begins: what is put off from now on, or is on its way to the store, calls for another.
            line.put_off = 0 <= now - line.put_off_at < STORED
        try:
            for _ in range(1 if destination.endpoint is not None else PAGES):
                async with self._page if destination.endpoint is None else nullcontext():
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
            line.put_off = True
            _log.warning("delivery.not_brought_forward", **_receiver(destination), detail=str(error))
            return
        if destination.endpoint is not None and moved == count:
            line.put_off = True  # there may be more


def _asked(line: Line, destination: Destination, now: int, count: int) -> ResumeDeliveries | ResumeCallbacks:
    if destination.endpoint is not None:
        return ResumeDeliveries(now=now, endpoint=destination.endpoint, limit=count)
    return ResumeCallbacks(now=now, origin=origin_of(destination.url), after=line.resume_after, limit=count)


def _receiver(destination: Destination) -> dict[str, str]:
    """What a line of the log names it by."""
    if destination.endpoint is not None:
        return {"endpoint": destination.endpoint}
    return {"callback_origin": origin_of(destination.url)}
