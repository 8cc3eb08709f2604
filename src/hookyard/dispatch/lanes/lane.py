"""One lane: its slots, and what keeps it from giving them out."""

from typing import Final

from hookyard.clock import Clock
from hookyard.dispatch.lanes.breaker import CircuitBreaker
from hookyard.host.lane_rules import LaneRule
from hookyard.model import Pause
from hookyard.pacing import Bucket

_HELD: Final = -1
UNBOUNDED: Final = 1 << 31


class Lane:
    """The slots of one lane.

    Most lanes have a limit and nothing else, and a job that comes in takes a slot of such a one by three comparisons.
    One that has more, or stands still, has a `top` that nothing is below of, and all the rest is looked at then.

    Attributes:
        running: slots taken, by jobs that run and by claims and enqueues under way; of an external lane, what the
            store says of it.
        arriving: enqueues without a lease that are on their way to the store.
        waiting: whether the store may hold a due job of this lane.
        rule: what the registry says of it; a lane that is gone has a limit of 0.
        pause: what keeps it standing, if anything does.
        turn: when it was asked for last, so that the one that has waited longest comes first.
    """

    __slots__ = (
        "_clock", "arriving", "bucket", "circuits", "group", "name", "pause", "plugin", "rule", "running", "top",
        "turn", "waiting",
    )  # fmt: skip

    def __init__(self, name: str, rule: LaneRule, clock: Clock) -> None:
        self.name: Final = name
        self.plugin: Final = name.partition("/")[0]
        self._clock = clock
        self.running = 0
        self.arriving = 0
        # What an earlier process left behind is found by the first claim.
        self.waiting = True
        self.pause: Pause | None = None
        self.group: Group | None = None
        self.bucket: Bucket | None = None
        self.circuits: tuple[CircuitBreaker, ...] = ()
        self.turn = 0
        self.use(rule)

    def use(self, rule: LaneRule) -> None:
        """Go on by this rule; what has been counted stays."""
        self.rule = rule
        self.bucket = renewed(self.bucket, rule, self._clock.now())
        known = {circuit.command: circuit for circuit in self.circuits}
        self.circuits = tuple(known.get(key) or CircuitBreaker(key, settings) for key, settings in rule.breakers)
        for circuit, (_, settings) in zip(self.circuits, rule.breakers, strict=True):
            circuit.use(settings)
        self.refresh()

    def refresh(self) -> None:
        """Find out anew whether there is more to it than its limit."""
        plain = (
            self.pause is None
            and self.group is None
            and self.bucket is None
            and not self.rule.external
            and all(circuit.state == "closed" for circuit in self.circuits)
        )
        self.top = self.limit if plain else _HELD

    @property
    def limit(self) -> int:
        """How many of its jobs may run at once."""
        return self.rule.limit or 0

    def take(self) -> bool:
        """Take a slot for a job that comes in now; False when it must queue behind others (I8) or for room (I10)."""
        if self.waiting or self.arriving or self.running >= self.top:
            return self.top < 0 and self._take_held()
        self.running += 1
        return True

    def _take_held(self) -> bool:
        if self.waiting or self.arriving or self.rule.external:
            return False
        now = self._clock.now()
        if self.room(now) < 1:
            return False
        if self.group is not None and (self.group.room(now) < 1 or self.group.has_waiting(now)):
            return False
        self.started(1)
        return True

    def started(self, count: int) -> None:
        """Take so many slots, and what the rates ask for them; with a negative number give them back unused."""
        self.running += count
        if self.bucket is not None:
            self.bucket.take(count)
        if self.group is not None and self.group.bucket is not None:
            self.group.bucket.take(count)

    def refund(self) -> None:
        """Give back what the rates asked for a slot in which nothing began after all; the slot is freed as ever."""
        self.started(-1)
        self.running += 1

    def free(self) -> bool:
        """Give back the slot of a job that ended; whether something may wait for it."""
        self.running -= 1
        return self.waiting or (self.group is not None and self.group.has_waiting(None))

    def room(self, now: int) -> int:
        """How many more may start, as far as this lane is asked alone."""
        if self.pause is not None:
            return 0
        room = self.limit - self.running
        for circuit in self.circuits:
            allowed = circuit.room(self.running)
            if allowed is not None:
                room = min(room, allowed)
        if room > 0 and self.bucket is not None:
            room = min(room, self.bucket.tokens(now))
        return max(0, room)

    def wakes_at(self, now: int) -> int | None:
        """When time alone makes room for what waits here; None: it does not."""
        found = [circuit.until for circuit in self.circuits if circuit.state == "open"]
        if self.waiting and not self.rule.external and (refilled := self.refills_at(now)) is not None:
            found.append(refilled)
        return min(found, default=None)

    def refills_at(self, now: int) -> int | None:
        """When its rates let more start, if nothing else keeps it; None: they do now, or something else does."""
        if self.pause is not None or self.running >= self.limit:
            return None
        buckets = (self.bucket, None if self.group is None else self.group.bucket)
        return max(
            (bucket.next_at(now) for bucket in buckets if bucket is not None and not bucket.tokens(now)), default=None
        )


class Group:
    """All lanes of one plugin that are bounded together."""

    __slots__ = ("bucket", "lanes", "limit", "name")

    def __init__(self, name: str, rule: LaneRule, now: int) -> None:
        self.name: Final = name
        self.lanes: tuple[Lane, ...] = ()
        self.bucket: Bucket | None = None
        self.use(rule, now)

    def use(self, rule: LaneRule, now: int) -> None:
        """Go on by this rule."""
        self.limit = rule.limit
        self.bucket = renewed(self.bucket, rule, now)

    @property
    def running(self) -> int:
        """Slots taken, of all its lanes: added up, so that it cannot drift, whatever a reload moves about."""
        return sum(lane.running for lane in self.lanes)

    def room(self, now: int) -> int:
        """How many more may start, of all its lanes together."""
        room = UNBOUNDED if self.limit is None else self.limit - self.running
        if room > 0 and self.bucket is not None:
            room = min(room, self.bucket.tokens(now))
        return max(0, room)

    def has_waiting(self, now: int | None) -> bool:
        """Whether any of its lanes waits for room of the plugin; without a time, whether any waits at all.

        One that comes in must not overtake it, or a busy lane would starve the others.
        """
        return any(
            lane.waiting and not lane.rule.external and (now is None or lane.room(now) > 0) for lane in self.lanes
        )


def renewed(bucket: Bucket | None, rule: LaneRule, now: int) -> Bucket | None:
    """The bucket that a rule asks for, from the one that there was."""
    if rule.rate is None:
        return None
    return Bucket(rule.rate, rule.burst, now) if bucket is None else bucket.renewed(rule.rate, rule.burst, now)
