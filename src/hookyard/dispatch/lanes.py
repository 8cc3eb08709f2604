"""Lanes: how many jobs of each may run here at once, and which have something waiting in the store."""

from collections.abc import Mapping

from hookyard.store.contract import LaneAsk

_MOST_ASKED = 64
"""Lanes in one claim: a store asks for each of them by itself, in one statement."""


class Lane:
    """The slots of one lane.

    Attributes:
        running: slots taken, by jobs that run and by claims and enqueues under way.
        arriving: enqueues without a lease that are on their way to the store.
        waiting: whether the store may hold a due job of this lane.
    """

    __slots__ = ("arriving", "limit", "name", "running", "waiting")

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.running = 0
        self.arriving = 0
        # What an earlier process left behind is found by the first claim.
        self.waiting = True

    def take(self) -> bool:
        """Take a slot for a job that comes in now; False when it must queue behind others (I8) or for room (I10)."""
        if self.waiting or self.arriving or self.running >= self.limit:
            return False
        self.running += 1
        return True


class Lanes:
    """All lanes of the registry."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._lanes = {name: Lane(name, limit) for name, limit in limits.items()}

    def __getitem__(self, name: str) -> Lane:
        return self._lanes[name]

    def use(self, limits: Mapping[str, int]) -> None:
        """Go on with these lanes and limits: what runs keeps its slots, and a lane that is gone starts nothing more."""
        for name, lane in self._lanes.items():
            lane.limit = limits.get(name, 0)
            lane.waiting = True
        for name, limit in limits.items():
            if name not in self._lanes:
                self._lanes[name] = Lane(name, limit)

    def all_waiting(self) -> None:
        """Something may have become due in any of them."""
        for lane in self._lanes.values():
            lane.waiting = True

    def asks(self) -> tuple[LaneAsk, ...]:
        """Reserve every free slot of the lanes that have something waiting, and say so as a claim's asks."""
        asks: list[LaneAsk] = []
        for lane in self._lanes.values():
            if len(asks) == _MOST_ASKED:
                break  # the others still wait, and are asked next
            free = lane.limit - lane.running
            if lane.waiting and free > 0:
                lane.running += free
                # An enqueue that commits while the claim is under way sets it again.
                lane.waiting = False
                asks.append(LaneAsk(lane.name, free))
        return tuple(asks)

    def answered(self, asks: tuple[LaneAsk, ...], taken: Mapping[str, int], *, more: bool = False) -> None:
        """Give back the slots that a claim did not fill.

        A lane that filled all of them may have more waiting, and so may every one when `more` says that some was left
        out.
        """
        for ask in asks:
            lane = self._lanes[ask.lane]
            got = taken.get(ask.lane, 0)
            lane.running -= ask.limit - got
            if more or got == ask.limit:
                lane.waiting = True

    def refused(self, asks: tuple[LaneAsk, ...]) -> None:
        """Undo :meth:`asks`: the claim never happened."""
        for ask in asks:
            lane = self._lanes[ask.lane]
            lane.running -= ask.limit
            lane.waiting = True
