"""What of each lane may be given out to workers now, and in which of them something may wait."""

from collections.abc import Iterable

from hookyard.clock import Clock
from hookyard.dispatch.lanes import Lanes
from hookyard.store.contract import LaneAsk


class LaneRoom:
    """The lanes as workers see them.

    A lane is *stirred* when something in it may have become due since the store was last asked; for a tenant's workers,
    since it was last asked for that tenant's.
    """

    def __init__(self, lanes: Lanes, clock: Clock) -> None:
        self._lanes = lanes
        self._clock = clock
        self._settled: dict[str, set[str]] = {}
        """The tenants for which there is nothing in a lane."""

    def is_open(self, name: str) -> bool:
        """Whether anything may be given out from it now."""
        return self._lanes.room(name) > 0

    def is_stirred(self, name: str, tenant: str = "") -> bool:
        """Whether something in it may be due for this tenant."""
        if name not in self._lanes:
            return False
        lane = self._lanes[name]
        if lane.waiting:
            lane.waiting = False
            self._settled[name] = set()
        settled = self._settled.get(name, ())
        return "" not in settled and tenant not in settled

    def stir(self, names: Iterable[str]) -> None:
        """Something in these lanes may be due."""
        for name in names:
            if name in self._lanes:
                self._lanes[name].waiting = True

    def settle(self, names: Iterable[str], tenant: str) -> None:
        """The store is asked about these lanes for this tenant; what becomes due after this stirs them again."""
        for name in names:
            self._lanes[name].waiting = False
            self._settled.setdefault(name, set()).add(tenant)

    def opens_at(self, names: Iterable[str]) -> int | None:
        """When time alone opens one of these that is stirred and closed; None: it does not."""
        now = self._clock.now()
        found: list[int] = []
        for name in names:
            if not self.is_stirred(name) or self.is_open(name):
                continue
            if (at := self._lanes[name].refills_at(now)) is not None:
                found.append(at)
        return min(found, default=None)

    def reserve(self, names: Iterable[str], count: int) -> tuple[tuple[LaneAsk, ...], dict[str, int]]:
        """Take the room that a claim may need, so that those beside it do not count on it too (I10).

        Returns:
            What to ask the store for, and how much room was taken of each lane.
        """
        asks: list[LaneAsk] = []
        reserved: dict[str, int] = {}
        for name in names:
            held = min(count, self._lanes.room(name))
            if held > 0:
                self._lanes.took(name, held)
                reserved[name] = held
                lane = self._lanes[name]
                asks.append(LaneAsk(name, min(lane.limit, lane.running)))
        return tuple(asks), reserved

    def correct(self, reserved: dict[str, int], taken: dict[str, int]) -> None:
        """Give back the room that was taken and not needed; where all of it was, there may be more to give out."""
        for name, held in reserved.items():
            if (got := taken.get(name, 0)) != held:
                self._lanes.took(name, got - held)
            if got >= held:
                self._lanes[name].waiting = True
