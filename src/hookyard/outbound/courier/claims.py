"""What the store has for the courier: claimed at its start, when something is due, and every few seconds besides."""

import asyncio
from collections.abc import Callable
from secrets import randbits
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Delivery
from hookyard.outbound.courier.ledger import Ledger, Writer
from hookyard.outbound.lines import Lines
from hookyard.store.contract import ClaimDeliveries, DeliveriesClaimed, Lease

_log = log.get("outbound")
POLL: Final = 5_000
"""Milliseconds between looks at the store when nothing else calls for one."""
NAME: Final = "courier"
_CROWDED: Final = 10
"""Milliseconds after which to look for room again while something is due."""
_TIDY: Final = 1_000
"""Milliseconds between looks for what has waited in memory for too long."""
_TOKEN_BITS: Final = 62
_MOST: Final = 128
"""Deliveries that one claim leases at most."""


class Claims:
    """Fetches what is due while there is room for it, and wakes the lines whose time has come.

    Args:
        writer: the store.
        lines: where there is room or not.
        ledger: gives back what has waited for too long.
        clock: where time comes from.
        most: deliveries that are in memory, under way or about to be, at most; those of slow receivers do not count.
        terms: milliseconds of a lease, and of what must be left of one for an attempt.
        admit: takes one delivery that was claimed.
        pump: sends what can be sent now.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        lines: Lines,
        ledger: Ledger,
        clock: Clock,
        most: int,
        terms: Callable[[], tuple[int, int]],
        admit: Callable[[Delivery], None],
        pump: Callable[[int], None],
    ) -> None:
        self._writer = writer
        self._lines = lines
        self._ledger = ledger
        self._clock = clock
        self._most = max(most, _MOST)
        self._terms = terms
        self._admit = admit
        self._pump = pump
        self._wake = asyncio.Event()
        self._next_at = 0
        """When something may be due in the store, as far as is known."""
        self._sleeps_until = 0
        self._tidy_at = 0
        self._stopped = False

    def nudge(self, at: int) -> None:
        """Something in the store is due then."""
        if at < self._next_at:
            self._next_at = at
            self._wake.set()

    def look(self) -> None:
        """A line may have to go on earlier than was thought."""
        if self._lines.due < self._sleeps_until:
            self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; :meth:`run` returns."""
        self._stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Claim until :meth:`stop`."""
        while not self._stopped:
            now = self._clock.now()
            if now < self._tidy_at - _TIDY:  # the clock went back
                self._lines.look_again()
                self._next_at = min(self._next_at, now)
                self._tidy(now)
            elif now >= self._tidy_at:
                self._tidy(now)
            self._pump(now)
            until = min(self._next_at, now + POLL)
            if until <= now:
                room = self._lines.room(self._most, now)
                if 2 * room > self._most:
                    await self._claim(min(room, _MOST), now)
                    continue
                until = now + _CROWDED
            self._sleeps_until = until = min(until, self._lines.due)
            self._wake.clear()
            await self._clock.wait(self._wake, until)
            self._sleeps_until = 0

    def _tidy(self, now: int) -> None:
        self._tidy_at = now + _TIDY
        _, needs = self._terms()
        for line, delivery in self._lines.take_expiring(now + needs):
            self._ledger.release(delivery, self._lines.turn(line, now, now - delivery.created_at))
        self._lines.prune(now)

    async def _claim(self, limit: int, now: int) -> None:
        self._next_at = now + POLL
        length, _ = self._terms()
        lease = Lease(randbits(_TOKEN_BITS), NAME, now + length)
        try:
            result = await self._writer.submit(ClaimDeliveries(now=now, limit=limit, lease=lease))
        except (StoreUnavailable, StoreError) as error:
            _log.warning("delivery.claim_failed", detail=str(error))
            return
        if not isinstance(result, DeliveriesClaimed):
            return
        for delivery in result.deliveries:
            self._admit(delivery)
        if len(result.deliveries) == limit:
            self.nudge(now)
        elif result.next_due is not None:
            self.nudge(result.next_due)
