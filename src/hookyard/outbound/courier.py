"""The courier: sends what has just been committed straight from memory, and claims everything else from the store.

It claims at its start, when something pending was committed, when the next delivery is due, and every few seconds
to find what another courier left behind. A delivery that cannot be sent now goes back with a time at which to look
again: one turn of its own behind a full line, the end of a pause, five minutes for a disabled endpoint. So claims
never spin, and whatever happens here a delivery is on disk: at most it is sent twice, under one id.
"""

import asyncio
from collections.abc import Callable
from secrets import randbits
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import OutboundSettings
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Delivery
from hookyard.outbound.attempt import HELD, Attempts
from hookyard.outbound.endpoints import Endpoints, Route
from hookyard.outbound.ledger import Ledger, Writer
from hookyard.outbound.lines import Line, Lines
from hookyard.outbound.policy import Verdict
from hookyard.outbound.sender import Sender
from hookyard.store.contract import ClaimDeliveries, DeliveriesClaimed, FinishDelivery, Lease

_log = log.get("outbound")
POLL: Final = 5_000
"""Milliseconds between looks at the store when nothing else calls for one."""
MARGIN: Final = 5_000
"""Milliseconds a lease must last beyond what one attempt can take."""
_CROWDED: Final = 10
"""Milliseconds after which to look for room again while something is due."""
_TOKEN_BITS: Final = 62
_LAST_WORDS: Final = 2_000
NAME: Final = "courier"


class Courier:
    """Sends deliveries. Made and used on one event loop.

    Args:
        writer: where outcomes are stored.
        endpoints: told when one is gone.
        attempts: how one attempt is made.
        sender: closed at the end of :meth:`drain`.
        ended: told of every delivery that is over.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        endpoints: Endpoints,
        attempts: Attempts,
        settings: OutboundSettings,
        clock: Clock,
        sender: Sender,
        ended: Callable[[Delivery, FinishDelivery], None] | None = None,
    ) -> None:
        self._writer = writer
        self._endpoints = endpoints
        self._attempts = attempts
        self._clock = clock
        self._sender = sender
        self._concurrency = settings.concurrency
        # One attempt resolves a name, then connects and sends.
        self._needs = int(settings.timeout + settings.connect_timeout) + MARGIN
        self.lease = 2 * self._needs + 20_000
        """Milliseconds for which a delivery is reserved: the wait for its turn and one attempt."""
        self._lines = Lines(settings.concurrency_per_endpoint)
        self._ledger = Ledger(writer=writer, clock=clock, due=self._nudge, settled=self._settled, ended=ended)
        self._workers: set[asyncio.Task[None]] = set()
        self._working = 0
        self._claims: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._next_at = 0
        """When something may be due in the store, as far as is known."""
        self._draining = False
        self._hanging_up = False

    # --- for the outbox ---

    def reserve(self, delivery: Delivery, now: int) -> int | None:
        """Ask for a place in memory for a delivery that is about to be committed.

        Returns:
            None when it is kept: then :meth:`take` or :meth:`unreserve` must follow. Else the time at which the
            delivery should be due in the store.
        """
        line = self._lines.line(self._attempts.line_key(delivery))
        if self._draining:
            return now
        if not self._lines.has_place(line, len(delivery.body), now):
            return self._lines.turn(line, now)
        self._lines.reserve(line, len(delivery.body))
        return None

    def unreserve(self, delivery: Delivery) -> None:
        """Give up a place that was kept."""
        self._lines.unreserve(self._lines.line(self._attempts.line_key(delivery)), len(delivery.body))

    def take(self, delivery: Delivery) -> None:
        """Send a delivery for which a place was kept and which is now committed."""
        self.unreserve(delivery)
        self._admit(delivery)

    def expect(self, at: int) -> None:
        """Something in the store is due then."""
        self._nudge(at)

    # --- life ---

    def start(self) -> None:
        """Begin to claim."""
        self._claims = asyncio.ensure_future(self._claim_loop())

    async def drain(self, grace: int) -> None:
        """Take nothing more, wait so many milliseconds for what is under way, and give back the rest."""
        self._draining = True
        self._wake.set()
        if self._claims is not None:
            await self._claims
        for delivery in self._lines.take_all():
            self._ledger.release(delivery)
        if not await self._quiet(grace):
            # The receivers that are still silent lose their connection; what they were sent comes again.
            _log.warning("drain.hanging_up", deliveries=self._lines.active)
            self._hanging_up = True
            await self._sender.aclose()
            if not await self._quiet(_LAST_WORDS):
                self._ledger.hurry()
                await self._quiet(_LAST_WORDS)
        for task in self._workers:
            task.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._sender.aclose()

    async def _quiet(self, most: int) -> bool:
        until = self._clock.now() + most
        while self._workers or self._ledger.open:
            self._idle.clear()
            if not await self._clock.wait(self._idle, until):
                return False
        return True

    def _settled(self) -> None:
        if self._draining:
            self._idle.set()

    # --- sending ---

    def _admit(self, delivery: Delivery) -> None:
        """Let a delivery that is leased to us wait for its turn, or say at once what becomes of it."""
        now = self._clock.now()
        line = self._lines.line(self._attempts.line_key(delivery))
        route = self._attempts.route(delivery)
        if self._draining:
            self._ledger.release(delivery)
        elif isinstance(route, Verdict):
            self._ledger.finish(delivery, route, self._attempts.unsent(delivery, route))
        elif route is None:
            self._ledger.release(delivery, now + HELD)
        elif not self._lines.has_place(line, len(delivery.body), now):
            self._ledger.release(delivery, self._lines.turn(line, now))
        else:
            self._lines.put(line, delivery)
            if self._working < self._concurrency:
                self._working += 1
                worker = asyncio.ensure_future(self._work())
                self._workers.add(worker)
                worker.add_done_callback(self._left)

    def _left(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        self._settled()

    async def _work(self) -> None:
        """Send one delivery after the other for as long as any can be sent."""
        try:
            while (found := self._lines.next(now := self._clock.now())) is not None:
                line, delivery = found
                try:
                    await self._deliver(line, delivery, now)
                finally:
                    ended = self._clock.now()
                    self._lines.done(line, ended, max(0, ended - now))
        finally:
            # Here and not when the task is seen to have ended: whoever comes in between must start another one.
            self._working -= 1

    async def _deliver(self, line: Line, delivery: Delivery, now: int) -> None:
        route = self._attempts.route(delivery)
        if not isinstance(route, Route) or line.paused_until > now or self._expiring(delivery, now):
            self._reconsider(line, delivery, route, now)
            return
        verdict, attempt = await self._attempts.run(delivery, route)
        if self._hanging_up and attempt.status is None:
            self._ledger.release(delivery)
            return
        self._ledger.finish(delivery, verdict, attempt)
        if verdict.disable and delivery.endpoint is not None and self._endpoints.disable(delivery.endpoint):
            _log.warning("endpoint.gone", endpoint=delivery.endpoint)
        if verdict.pause_until is not None:
            self._pause(line, verdict.pause_until)

    def _reconsider(self, line: Line, delivery: Delivery, route: Route | Verdict | None, now: int) -> None:
        """What was to be sent cannot be any more: things changed while it waited."""
        if isinstance(route, Verdict):
            self._ledger.finish(delivery, route, self._attempts.unsent(delivery, route))
        elif route is None:
            self._ledger.release(delivery, now + HELD)
        else:
            self._ledger.release(delivery, max(now, line.paused_until))

    def _pause(self, line: Line, until: int) -> None:
        line.paused_until = max(line.paused_until, until)
        for delivery in self._lines.take_all(line):
            self._ledger.release(delivery, line.paused_until)

    def _expiring(self, delivery: Delivery, now: int) -> bool:
        return (delivery.lease_expires_at or 0) - now < self._needs

    # --- claiming ---

    def _nudge(self, at: int) -> None:
        if at < self._next_at:
            self._next_at = at
            self._wake.set()

    async def _claim_loop(self) -> None:
        while not self._draining:
            now = self._clock.now()
            for delivery in self._lines.take_expiring(now + self._needs):
                self._ledger.release(delivery, now)
            self._lines.prune(now)
            until = self._next_at
            if until <= now:
                room = self._lines.room(2 * self._concurrency, now)
                if room > self._concurrency // 2:
                    await self._claim(room, now)
                    continue
                until = now + _CROWDED
            self._wake.clear()
            await self._clock.wait(self._wake, until)

    async def _claim(self, limit: int, now: int) -> None:
        self._next_at = now + POLL
        lease = Lease(randbits(_TOKEN_BITS), NAME, now + self.lease)
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
            self._nudge(now)
        elif result.next_due is not None:
            self._nudge(result.next_due)
