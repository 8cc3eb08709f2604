"""The courier: sends what has just been committed straight from memory, and has everything else claimed from the store.

A delivery that cannot be sent now goes back with a time at which to look again: one turn of its own behind a full line
or after a pause, some minutes for a disabled endpoint. So claims never spin, and whatever happens here a delivery is on
disk: at most it is sent twice, under one id.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import OutboundSettings
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.courier.attempt import Attempts
from hookyard.outbound.courier.catch_up import CatchUp
from hookyard.outbound.courier.claims import Claims
from hookyard.outbound.courier.ledger import Dead, Ledger, OutcomeWriter
from hookyard.outbound.courier.outcome import Outcome
from hookyard.outbound.courier.workers import Workers
from hookyard.outbound.destination import Destination, Destinations
from hookyard.outbound.lines import Line, Lines, LineState, Start
from hookyard.outbound.policy import Verdict
from hookyard.outbound.sender import Sender
from hookyard.store.contract import FinishDelivery

_log = log.get("outbound")
MARGIN: Final = 5_000
"""Milliseconds a lease must last beyond what one attempt can take."""
HELD: Final = 300_000
"""Milliseconds after which a delivery is looked at again that cannot be sent as things stand, its endpoint disabled."""
LONGEST_HELD: Final = 1_800_000
"""... and after which at most, when it is old: a quarter of its age is added."""
_LAST_WORDS: Final = 2_000


class Courier:
    """Sends deliveries. Made and used on one event loop.

    Args:
        writer: where outcomes are stored.
        destinations: knows where deliveries go; told how receivers are.
        sender: the HTTP client; closed at the end of :meth:`drain`.
        settings: how many at once, and how long an attempt takes unless its endpoint says otherwise.
        clock: where time comes from.
        ended: told of every delivery that is over.
    """

    def __init__(
        self,
        *,
        writer: OutcomeWriter,
        destinations: Destinations,
        sender: Sender,
        settings: OutboundSettings,
        clock: Clock,
        ended: Callable[[Delivery, FinishDelivery], None] | None = None,
    ) -> None:
        self._destinations = destinations
        self._clock = clock
        self._sender = sender
        self._attempts = Attempts(sender=sender, clock=clock)
        # One attempt resolves a name, then connects and sends.
        self._needs = int(settings.timeout + settings.connect_timeout) + MARGIN
        self._lines = Lines(settings.concurrency, self._earlier)
        self._outcome = Outcome(destinations, self._spill)
        self._workers = Workers(self._lines, self._serve, clock)
        self._ledger = Ledger(
            writer=writer, clock=clock, due=self.expect, settled=self._settled, ended=ended, returned=self._back
        )
        self._catch_up = CatchUp(writer=writer, due=self.expect, clock=clock)
        self._claims = Claims(
            writer=writer,
            lines=self._lines,
            ledger=self._ledger,
            clock=clock,
            most=settings.concurrency,
            terms=lambda: (self.lease, self._needs),
            admit=self._admit,
            pump=self._workers.pump,
        )
        self._claiming: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._draining = False
        self._hanging_up = False

    @property
    def lease(self) -> int:
        """Milliseconds for which a delivery is reserved: the wait for its turn and one attempt."""
        return 2 * self._needs + 20_000

    # --- for the outbox ---

    def reserve(self, delivery: Delivery, now: int) -> int | None:
        """Ask for a place in memory for a delivery that is about to be committed.

        Returns:
            None when it is kept: then :meth:`take` or :meth:`unreserve` must follow. Else the time at which the
            delivery should be due in the store.
        """
        if self._draining:
            return now
        line = self._lines.line(self._destinations.line_key(delivery))
        if line.destination is None and isinstance(found := self._destinations.destination(delivery), Destination):
            line.use(found, now)
        if self._lines.reserve(line, len(delivery.body), now):
            return None
        return self._lines.turn(line, now)

    def unreserve(self, delivery: Delivery) -> None:
        """Give up a place that was kept."""
        self._lines.unreserve(self._lines.line(self._destinations.line_key(delivery)), len(delivery.body))

    def take(self, delivery: Delivery) -> None:
        """Send a delivery for which a place was kept and which is now committed."""
        now = self._clock.now()
        line = self._lines.line(self._destinations.line_key(delivery))
        self._lines.unreserve(line, len(delivery.body))
        self._enter(line, delivery, now, kept=not line.gated)
        if self._lines.ready:
            self._workers.pump(now)

    def expect(self, at: int) -> None:
        """Something in the store is due then."""
        self._claims.nudge(at)

    # --- for those who look and change ---

    def tell_of_dead(self, dead: Dead) -> None:
        """Hand over what fails for good; called once, before anything is sent."""
        self._ledger.dead = dead

    def state(self, name: str) -> LineState:
        """How an endpoint is being sent to."""
        line = self._lines.find(name)
        return LineState() if line is None else line.state(self._clock.now())

    def forget(self, name: str) -> None:
        """An endpoint is another now, or gone: what was learnt of the old one holds no longer."""
        now = self._clock.now()
        line = self._lines.find(name)
        if line is not None:
            line.forget(now)
            self._lines.wake(line)
            self._workers.pump(now)
        if not self._draining:
            task = asyncio.ensure_future(self._sender.forget(name))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def probe(self, name: str) -> None:
        """Somebody says that the receiver of an endpoint is mended: its breaker, when it is open, tries it now.

        That is our own guess, and gives way. What the receiver asked for itself, a pause or fewer requests, does not.
        """
        now = self._clock.now()
        line = self._lines.find(name)
        if line is not None and line.circuit.probe(now):
            self._lines.wake(line)
            self._workers.pump(now)

    def recall(self, name: str, destination: Destination, starts: Sequence[int]) -> None:
        """Go on with an endpoint's rate where an earlier process left it: it made attempts at these times."""
        self._lines.line(name).recall(destination, starts, self._clock.now())

    # --- life ---

    def start(self) -> None:
        """Begin to claim."""
        self._claiming = asyncio.ensure_future(self._claims.run())

    async def drain(self, grace: int) -> None:
        """Take nothing more, wait so many milliseconds for what is under way, and give back the rest."""
        self._draining = True
        self._claims.stop()
        if self._claiming is not None:
            await self._claiming
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
        await self._workers.aclose()
        await self._catch_up.aclose()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._sender.aclose()

    async def _quiet(self, most: int) -> bool:
        until = self._clock.now() + most
        while self._lines.active or self._ledger.open:
            self._idle.clear()
            if not await self._clock.wait(self._idle, until):
                return False
        return True

    def _earlier(self) -> None:
        self._claims.look()

    def _settled(self) -> None:
        if self._draining:
            self._idle.set()

    # --- sending ---

    def _admit(self, delivery: Delivery) -> None:
        """Take a delivery that was claimed."""
        if self._ledger.renew(delivery):
            return
        line = self._lines.line(self._destinations.line_key(delivery))
        self._enter(line, delivery, self._clock.now(), kept=False)

    def _back(self, delivery: Delivery) -> None:
        """Take a delivery that was claimed before it was known here that it had been given back."""
        self._admit(delivery)
        self._workers.pump(self._clock.now())

    def _enter(self, line: Line, delivery: Delivery, now: int, *, kept: bool) -> None:
        """Let a delivery that is leased to us wait for its turn, or say at once what becomes of it."""
        self._ledger.hold(delivery)
        destination = self._destinations.destination(delivery)
        if self._draining:
            self._ledger.release(delivery)
        elif not isinstance(destination, Destination):
            self._unsendable(delivery, destination, now)
        else:
            if line.destination is not destination:
                line.use(destination, now)
            if kept or self._lines.has_place(line, len(delivery.body), now):
                self._lines.put(line, delivery)
            else:
                self._put_off(line, delivery, now)

    async def _serve(self, start: Start) -> None:
        """Make one attempt, for which a place is taken."""
        line, delivery, epoch, probe = start
        delivery = self._ledger.held(delivery)
        began = self._clock.now()
        try:
            destination = self._destinations.destination(delivery)
            if not isinstance(destination, Destination):
                self._unsendable(delivery, destination, began)
            elif line.paused(began) > began or epoch != line.circuit.epoch:
                self._put_off(line, delivery, began)  # things changed since it was its turn
            elif (delivery.lease_expires_at or 0) - began < self._needed(destination):
                self._ledger.release(delivery, began)
            else:
                if line.destination is not destination:
                    line.use(destination, began)
                if probe:
                    self._outcome.tell(line, destination, began)
                verdict, attempt = await self._attempts.run(delivery, destination, began)
                self._attempted(start, destination, verdict, attempt)
        finally:
            if probe:  # one that showed nothing leaves it to the next
                line.circuit.ended(None, epoch, began)
            self._lines.done(line)
            if line.behind and not self._draining:
                self._catch_up.look(line)
            self._settled()

    def _attempted(self, start: Start, destination: Destination, verdict: Verdict, attempt: DeliveryAttempt) -> None:
        line, delivery, epoch, _ = start
        if self._hanging_up and attempt.status is None:
            self._ledger.release(delivery)
            return
        self._ledger.finish(
            delivery,
            verdict,
            attempt,
            pass_on=delivery.order_key is not None and _passed(delivery, destination, verdict),
        )
        if verdict.status != "delivered" and self._is_another(delivery, destination):
            line.ended(attempt.started_at + attempt.duration, attempt.duration, answered=False, hung=False)
        else:
            self._outcome.learn(line, destination, verdict, attempt, epoch)

    def _is_another(self, delivery: Delivery, destination: Destination) -> bool:
        """Whether an endpoint has changed or gone since this was sent: its receiver speaks for that one only."""
        return destination.endpoint is not None and self._destinations.destination(delivery) is not destination

    def _unsendable(self, delivery: Delivery, verdict: Verdict | None, now: int) -> None:
        if verdict is None:
            age = max(0, now - delivery.created_at)
            self._ledger.release(delivery, now + min(HELD + age // 4, LONGEST_HELD))
        else:
            self._ledger.finish(delivery, verdict, self._attempts.unsent(delivery, verdict))

    def _put_off(self, line: Line, delivery: Delivery, now: int) -> None:
        self._ledger.release(delivery, self._lines.turn(line, now, now - delivery.created_at))

    def _spill(self, line: Line, now: int) -> None:
        """Nothing is sent there for a while: what waits in memory goes back to the store."""
        for delivery in self._lines.take_all(line):
            self._put_off(line, delivery, now)

    def _needed(self, destination: Destination) -> int:
        """Milliseconds of a lease that an attempt needs; leases are made longer when one endpoint needs more."""
        channel = destination.channel
        needed = int(1000 * (channel.timeout + channel.connect_timeout)) + MARGIN
        self._needs = max(self._needs, needed)
        return needed


def _passed(delivery: Delivery, destination: Destination, verdict: Verdict) -> bool:
    """Whether the first of an order has failed so often that the others go ahead."""
    after = destination.pass_after
    return verdict.status == "pending" and after is not None and delivery.attempt - delivery.round_start >= after
