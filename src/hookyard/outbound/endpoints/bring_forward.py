"""What was put off for an endpoint while it could not be sent to is due at once when it can be again.

It would be looked at again in any case, some minutes later. So nobody waits for this: it goes on in the background, in
short transactions, and a store that takes nothing now is asked again.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.outbound.courier import Writer
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.store.contract import DeliveriesMoved, RecoverDeliveries

_log = log.get("outbound")
_AT_ONCE: Final = 200
"""Deliveries that one transaction looks at."""
_FIRST_WAIT: Final = 1_000
_LONGEST_WAIT: Final = 60_000


class BringForward:
    """Walks through what is pending for endpoints, each of them once at a time.

    Args:
        endpoints: where it ends that one is disabled once more.
        writer: brings the deliveries forward.
        expect: told that something is due at a time.
        clock: where time comes from.
    """

    def __init__(self, *, endpoints: Endpoints, writer: Writer, expect: Callable[[int], None], clock: Clock) -> None:
        self._endpoints = endpoints
        self._writer = writer
        self._expect = expect
        self._clock = clock
        self._asked: set[str] = set()
        """Those to begin with, or, while one is walked through, to begin with again."""
        self._walks: dict[str, asyncio.Task[None]] = {}
        self._ends = asyncio.Event()

    def begin(self, name: str) -> None:
        """Bring forward what is pending for an endpoint."""
        if self._ends.is_set():
            return
        self._asked.add(name)
        if name not in self._walks:
            self._walks[name] = asyncio.ensure_future(self._walk(name))

    async def drain(self) -> None:
        """Begin with nothing more, and wait for the transactions under way."""
        self._ends.set()
        if self._walks:
            await asyncio.wait(self._walks.values())

    async def _walk(self, name: str) -> None:
        count = 0
        try:
            while name in self._asked and not self._ends.is_set():
                self._asked.discard(name)
                count += await self._all(name)
        except StoreError as error:
            _log.error("endpoint.not_brought_forward", endpoint=name, detail=str(error))
        finally:
            self._asked.discard(name)
            del self._walks[name]
        if count:
            _log.info("endpoint.brought_forward", endpoint=name, deliveries=count)

    async def _all(self, name: str) -> int:
        """All that is pending for it now; how many of them were not due yet."""
        count, after, wait = 0, None, _FIRST_WAIT
        while self._live(name) and not self._ends.is_set():
            now = self._clock.now()
            op = RecoverDeliveries(now=now, endpoint=name, failed=False, waiting=True, after=after, limit=_AT_ONCE)
            try:
                result = await self._writer.submit(op)
            except StoreUnavailable as error:
                _log.warning("endpoint.bring_forward_failed", endpoint=name, detail=str(error))
                await self._clock.wait(self._ends, now + wait)
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            if not isinstance(result, DeliveriesMoved):
                break
            wait = _FIRST_WAIT
            count += result.count
            if result.count:
                self._expect(now)
            after = result.next
            if after is None:
                break
        return count

    def _live(self, name: str) -> bool:
        entry = self._endpoints.get(name)
        return entry is None or entry.live  # what is due for one that is gone ends as `endpoint_removed`
