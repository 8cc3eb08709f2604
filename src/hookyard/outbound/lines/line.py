"""One receiver: the deliveries that wait for it in memory, and when the next of them may leave."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hookyard.model import Delivery
from hookyard.outbound.destination import Destination
from hookyard.outbound.lines.breaker import LineBreaker, State
from hookyard.outbound.lines.throttle import Throttle
from hookyard.pacing import Bucket

FIRST: Final = 4
"""Requests under way at once to a receiver that has not answered yet; every answer allows one more."""
CALLBACK: Final = "@"
"""How the keys of lines of callback URLs begin."""
QUICK: Final = 1_000
"""A receiver that takes longer than so many milliseconds does not get the places that are kept for the quick ones."""


class LineState(Struct, frozen=True, kw_only=True):
    """How a receiver is being sent to."""

    active: int = 0
    """Requests under way."""
    waiting: int = 0
    """Deliveries that wait in memory."""
    paused_until: int | None = None
    rate: float | None = None
    """Requests a second that are allowed now; None: any number."""
    breaker: State = "closed"
    breaker_until: int | None = None
    """When an open one lets a probe through."""


class Line:
    """The deliveries of one receiver."""

    __slots__ = (
        "_paused_at", "active", "answered", "bucket", "bytes", "circuit", "concurrency", "destination",
        "duration", "gated", "horizon", "hung", "key", "moved_at", "paused_until", "put_off", "put_off_at", "queued",
        "reserved", "resume_after", "throttle", "waiting", "window",
    )  # fmt: skip

    def __init__(self, key: str) -> None:
        self.key: Final = key
        self.waiting: deque[Delivery] = deque()
        self.active = 0
        """Requests under way."""
        self.reserved = 0
        """Places promised to deliveries that are about to be committed."""
        self.bytes = 0
        """Of the bodies waiting or promised a place."""
        self.queued = False
        """Whether it stands among the lines that are looked at, now or at a time."""
        self.destination: Destination | None = None
        self.concurrency = 1
        self.window = FIRST
        """Requests that may be under way now; never more than `concurrency`."""
        self.answered = False
        """Whether it has ever answered."""
        self.hung = False
        """Whether the last request that said something of it was not answered in time."""
        self.paused_until = 0
        self._paused_at = 0
        self.put_off = not key.startswith(CALLBACK)
        """Whether deliveries may have been put off for it in the store since those were last looked for from the
        oldest on; an earlier process may have done that. Of callback URLs, whose lines come and go, only what this one
        has put off is looked for."""
        self.put_off_at = 0
        """When that was last done here."""
        self.resume_after: str | None = None
        """The id of the delivery after which the looking goes on; None when it begins with the oldest."""
        self.bucket: Bucket | None = None
        self.throttle: Final = Throttle()
        self.circuit: Final = LineBreaker()
        self.gated = False
        """Whether anything of the four above may hold it back: if not, none of them is looked at."""
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

    @property
    def behind(self) -> bool:
        """Whether deliveries may be put off for it in the store that are to be looked for."""
        return self.put_off or self.resume_after is not None

    @property
    def troubled(self) -> bool:
        """Whether anything is known against its receiver."""
        return self.hung or self.throttle.rate is not None or self.circuit.failures > 0

    def use(self, destination: Destination, now: int) -> None:
        """Go on by what this destination says; its rate, its throttle and its breaker keep what they have counted."""
        before, self.destination = self.destination, destination
        self.concurrency = destination.concurrency
        self.window = min(self.window, self.concurrency)
        if before is None or before.rate != destination.rate:
            rate = destination.rate
            if rate is None:
                self.bucket = None
            else:
                self.bucket = Bucket(rate, None, now) if self.bucket is None else self.bucket.renewed(rate, None, now)
        if before is None or before.breaker != destination.breaker:
            self.circuit.use(destination.breaker)
        self.regate(now)

    def forget(self, now: int) -> None:
        """Begin anew with its receiver, as if nothing had been learnt of it."""
        self.circuit.close()
        self.throttle.rate = None
        self.paused_until = 0
        self.duration, self.horizon = 0.0, 0.0
        self.answered = self.hung = False
        self.window = min(FIRST, self.concurrency)
        self.regate(now)

    def recall(self, destination: Destination, starts: Sequence[int], now: int) -> None:
        """Take a destination with a rate, of which requests that left at these times have used some up."""
        self.use(destination, now)
        rate = destination.rate
        if rate is None:
            return
        self.bucket = Bucket(rate, None, now - rate.per)
        for at in sorted(at for at in starts if at > now - rate.per):
            self.bucket.tokens(min(at, now))
            self.bucket.take(1)

    def regate(self, now: int) -> None:
        """See whether anything may hold it back, after one of those things has changed."""
        self.gated = (
            self.bucket is not None
            or self.throttle.rate is not None
            or self.circuit.state != "closed"
            or self.paused(now) > now
        )

    # --- when ---

    def paused(self, now: int) -> int:
        """Until when it pauses; a clock that went back makes that no longer than was asked for."""
        if now < self._paused_at:
            self.paused_until = min(self.paused_until, now + self.paused_until - self._paused_at)
            self._paused_at = now
        return self.paused_until

    def flows(self, now: int) -> bool:
        """Whether requests go out, at whatever pace."""
        return self.circuit.state == "closed" and self.paused(now) <= now

    def opens_at(self, now: int) -> int:
        """When its pause and its breaker end; a half open breaker counts as open no longer."""
        at = max(now, self.paused(now))
        return max(at, self.circuit.ready_at(now)) if self.circuit.state == "open" else at

    def ready_at(self, now: int) -> int:
        """When the next request may leave."""
        at = max(now, self.paused(now), self.circuit.ready_at(now), self.throttle.ready_at(now))
        return at if self.bucket is None else max(at, self.bucket.next_at(now))

    def pace(self, now: int) -> float:
        """Milliseconds a request takes here: as the last ones did, or as long as nothing has moved."""
        return max(self.duration, now - self.moved_at) if self.active else self.duration

    def step(self, now: int) -> float:
        """Milliseconds from one request to the next, as things stand."""
        step = self.pace(now) / max(1, self.window)
        if self.throttle.rate is not None:
            step = max(step, 1000 / self.throttle.rate)
        return max(step, self.rated())

    def rated(self) -> float:
        """Milliseconds from one request to the next at its own rate; 0 without one."""
        return 0.0 if self.bucket is None else self.bucket.rate.per / self.bucket.rate.count

    def quick(self, now: int) -> bool:
        """Whether it is thought to answer soon: it does so, or it has nothing to prove yet."""
        return not self.hung and (self.active == 0 or (self.answered and self.pace(now) <= QUICK))

    # --- what happens ---

    def started(self, now: int) -> bool:
        """A request leaves; whether it is the probe of the breaker."""
        self.active += 1
        self.moved_at = now
        self.throttle.started(now)
        if not self.gated:
            return False
        if self.bucket is not None:
            self.bucket.take(1)
        probe = self.circuit.started(now)
        self.regate(now)
        return probe

    def ended(self, now: int, took: int, *, answered: bool, hung: bool) -> None:
        """A request has ended that took so many milliseconds."""
        self.moved_at = now
        self.duration += (took - self.duration) / 8
        if answered:
            self.answered, self.hung = True, False
            if self.window < self.concurrency:
                self.window += 1
        elif hung:
            self.hung = True
            self.window = max(1, self.window // 2)

    def pause(self, until: int, began: int, now: int) -> None:
        """Its receiver says slow down."""
        rate = None if self.bucket is None else 1000 / self.rated()
        self.throttle.lower(began, now, until, rate)
        self.paused_until = max(self.paused(now), until)
        self._paused_at = now
        self.gated = True

    def state(self, now: int) -> LineState:
        """How it is."""
        rates = [rate for rate in (self.throttle.rate, 1000 / self.rated() if self.rated() else None) if rate]
        circuit = self.circuit
        return LineState(
            active=self.active,
            waiting=len(self.waiting),
            paused_until=self.paused_until if self.paused(now) > now else None,
            rate=min(rates, default=None),
            breaker=circuit.state,
            breaker_until=circuit.until if circuit.state == "open" else None,
        )
