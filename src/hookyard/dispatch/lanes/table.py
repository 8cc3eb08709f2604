"""All lanes: which have room for what waits in the store, and what is done about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from hookyard.clock import Clock
from hookyard.dispatch.lanes.breaker import CircuitBreaker
from hookyard.dispatch.lanes.lane import UNBOUNDED, Group, Lane
from hookyard.host.lane_rules import LaneRule
from hookyard.model import EVERY_LANE, AttemptOutcome, Job, LaneDepth, Pause
from hookyard.store.contract import LaneAsk

MOST_LANES: Final = 64
"""Lanes in one claim: a store asks for each of them by itself, in one statement."""
_GONE: Final = LaneRule(limit=0)


def _nobody(lane: Lane, circuit: CircuitBreaker) -> None:
    """Nobody is told of breakers."""


class Lanes:
    """All lanes of the registry, and those of an earlier one that still have jobs running.

    Args:
        rules: by lane.
        plugins: what holds for all lanes of a plugin together, by its name.
    """

    def __init__(
        self,
        rules: Mapping[str, LaneRule],
        plugins: Mapping[str, LaneRule],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self.turned: Callable[[Lane, CircuitBreaker], None] = _nobody
        """Told of every breaker that comes into another state, with its lane."""
        self._turns = 0
        self._pauses: dict[str, Pause] = {}
        self._groups: dict[str, Group] = {}
        self._lanes: dict[str, Lane] = {}
        self._open: set[Lane] = set()
        self.watched: frozenset[str] = frozenset()
        """The lanes of which it matters how attempts end: those with a breaker, and those of external workers."""
        self.use(rules, plugins)

    def __getitem__(self, name: str) -> Lane:
        return self._lanes[name]

    def __contains__(self, name: object) -> bool:
        return name in self._lanes

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    @property
    def groups(self) -> tuple[Group, ...]:
        """The plugins whose lanes are bounded together, by name."""
        return tuple(self._groups[name] for name in sorted(self._groups))

    def use(self, rules: Mapping[str, LaneRule], plugins: Mapping[str, LaneRule]) -> None:
        """Go on by these rules: what runs keeps its slots, and a lane that is gone starts nothing more."""
        now = self._clock.now()
        for name in rules:
            if name not in self._lanes:
                self._lanes[name] = Lane(name, rules[name], self._clock)
        for name, rule in plugins.items():
            if name in self._groups:
                self._groups[name].use(rule, now)
            else:
                self._groups[name] = Group(name, rule, now)
        self._groups = {name: self._groups[name] for name in plugins}
        for name, group in self._groups.items():
            group.lanes = tuple(lane for lane in self._lanes.values() if lane.plugin == name)
        for name, lane in self._lanes.items():
            lane.group = self._groups.get(lane.plugin)
            lane.pause = self.pause_of(lane)
            lane.waiting = True
            lane.use(rules.get(name, _GONE))
        self._open = {lane for lane in self._lanes.values() if _is_open(lane)}
        self.watched = frozenset(name for name, rule in rules.items() if rule.breakers or rule.external)

    # --- what waits in the store ---

    def all_waiting(self) -> None:
        """Something may have become due in any of them."""
        for lane in self._lanes.values():
            lane.waiting = True

    def asks(self) -> tuple[LaneAsk, ...]:
        """Reserve every free slot of the lanes that have something waiting, and say so as a claim's asks.

        The one that was asked for the longest time ago comes first, and the lanes of one plugin share what that has:
        none starves another.
        """
        waiting = [lane for lane in self._lanes.values() if lane.waiting and not lane.rule.external]
        if not waiting:
            return ()
        now = self._clock.now()
        waiting.sort(key=lambda lane: lane.turn)
        ready = [(lane, room) for lane in waiting if (room := lane.room(now)) > 0][:MOST_LANES]  # the rest comes next
        sharing: dict[str, int] = {}
        for lane, _ in ready:
            if lane.group is not None:
                sharing[lane.plugin] = sharing.get(lane.plugin, 0) + 1
        asks: list[LaneAsk] = []
        for lane, own in ready:
            room = own
            if lane.group is not None:
                among = sharing[lane.plugin]
                room = min(room, -(-lane.group.room(now) // among))
                sharing[lane.plugin] = among - 1
            if room > 0:
                lane.started(room)
                # An enqueue that commits while the claim is under way sets it again.
                lane.waiting = False
                self._turns += 1
                lane.turn = self._turns
                asks.append(LaneAsk(lane.name, room))
        return tuple(asks)

    def answered(self, asks: tuple[LaneAsk, ...], taken: Mapping[str, int], *, more: bool = False) -> None:
        """Give back the slots that a claim did not fill.

        A lane that filled all of them may have more waiting, and so may every one when `more` says that some was left
        out.
        """
        for ask in asks:
            lane = self._lanes[ask.lane]
            got = taken.get(ask.lane, 0)
            if got < ask.limit:
                lane.started(got - ask.limit)
            if more or got == ask.limit:
                lane.waiting = True

    def refused(self, asks: tuple[LaneAsk, ...]) -> None:
        """Undo :meth:`asks`: the claim never happened."""
        for ask in asks:
            lane = self._lanes[ask.lane]
            lane.started(-ask.limit)
            lane.waiting = True

    def elapse(self) -> int | None:
        """Half open the breakers whose time has come; when to look again, as far as only time makes room then."""
        now = self._clock.now()
        for lane in tuple(self._open):
            for circuit in lane.circuits:
                if circuit.elapse(now, lane.running):
                    self._turn(lane, circuit)
        times = [at for lane in self._lanes.values() if lane.top < 0 and (at := lane.wakes_at(now)) is not None]
        return min(times, default=None)

    # --- how attempts end ---

    def ended(self, job: Job, outcome: AttemptOutcome) -> None:
        """An attempt in a lane that is :attr:`watched` has ended so, and that is on disk.

        Args:
            job: as it was during the attempt.
            outcome: how it ended.
        """
        lane = self._lanes[job.lane]
        if lane.rule.external:
            lane.running = max(0, lane.running - 1)
        key, began = f"{job.plugin}/{job.command}", job.started_at or 0
        for circuit in lane.circuits:
            if circuit.command != key:
                circuit.passed(began)
            elif circuit.ended(outcome, began, self._clock.now()):
                self._turn(lane, circuit)

    def _turn(self, lane: Lane, circuit: CircuitBreaker) -> None:
        lane.refresh()
        (self._open.add if _is_open(lane) else self._open.discard)(lane)
        self.turned(lane, circuit)

    # --- pauses ---

    @property
    def pauses(self) -> Mapping[str, Pause]:
        """What stands still, by lane, plugin or `*`; also what the registry does not have now."""
        return self._pauses

    def pause(self, pauses: Iterable[Pause]) -> None:
        """Start nothing more of these."""
        self._pauses |= {pause.lane: pause for pause in pauses}
        self._apply_pauses()

    def resume(self, name: str) -> None:
        """Go on with a lane, a plugin or, with `*`, with all that was not paused by its own name."""
        self._pauses.pop(name, None)
        self._apply_pauses()

    def pause_of(self, lane: Lane) -> Pause | None:
        """What keeps a lane standing: the widest of it."""
        names = (EVERY_LANE, lane.plugin, lane.name)
        return next((self._pauses[name] for name in names if name in self._pauses), None)

    def within(self, name: str) -> tuple[Lane, ...]:
        """The lanes that a name stands for: one lane, those of a plugin, or, for `*`, all."""
        return tuple(
            lane for lane in self._lanes.values() if name in {EVERY_LANE, lane.plugin, lane.name} and lane.rule != _GONE
        )

    def _apply_pauses(self) -> None:
        for lane in self._lanes.values():
            lane.pause = self.pause_of(lane)
            lane.refresh()

    # --- workers that come over HTTP ---

    def room(self, name: str) -> int:
        """How many more jobs of a lane may start now, whatever holds it: for whoever claims for external workers."""
        lane, now = self._lanes.get(name), self._clock.now()
        if lane is None:
            return 0
        return min(lane.room(now), UNBOUNDED if lane.group is None else lane.group.room(now))

    def took(self, name: str, count: int) -> None:
        """So many jobs of a lane were given to external workers; with a negative number, so many came back unstarted.

        How they end is learnt from the settler (:meth:`ended`).
        """
        if (lane := self._lanes.get(name)) is not None:
            lane.started(count)

    def count(self, depths: Iterable[LaneDepth]) -> None:
        """Learn from the store how many jobs external workers hold: they outlive this process, and it them."""
        running = {depth.lane: depth.running for depth in depths}
        for lane in self._lanes.values():
            if lane.rule.external:
                lane.running = running.get(lane.name, 0)


def _is_open(lane: Lane) -> bool:
    """Whether a breaker of it is open, or half open, which has to hear of a clock that goes back as well."""
    return any(circuit.state != "closed" for circuit in lane.circuits)
