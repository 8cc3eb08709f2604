"""What people do with lanes, and what they are told of them."""

import asyncio
from collections.abc import Callable, Iterable

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.dispatch.house_events import HouseEvents
from hookyard.dispatch.lanes.breaker import CircuitBreaker
from hookyard.dispatch.lanes.lane import Lane
from hookyard.dispatch.lanes.state import GroupState, LaneState, group_state, states
from hookyard.dispatch.lanes.table import Lanes
from hookyard.model import EVERY_LANE, AuditEntry, Pause
from hookyard.store.audited import audited
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import PauseLane, ResumeLane, Store

_log = log.get("lanes")


class LaneControl:
    """Pauses lanes and lets them go on, durably, and says what becomes of breakers.

    Args:
        house: where breakers are announced.
        wake: tells the claimer that lanes may have room that had none.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        lanes: Lanes,
        clock: Clock,
        house: HouseEvents,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._lanes = lanes
        self._clock = clock
        self._house = house
        self._wake = wake
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Learn what stands still, and what external workers hold.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        pauses = await self._store.pauses()
        self._lanes.pause(pauses)
        for pause in pauses:
            _log.warning("lane.paused", lane=pause.lane, since=rfc3339(pause.since), by=pause.by, reason=pause.reason)
        if any(lane.rule.external for lane in self._lanes):
            self._lanes.count(await self._store.depths())

    async def pause(self, name: str, *, by: str, reason: str = "", audit: AuditEntry | None = None) -> Pause:
        """Start nothing more of a lane, of a plugin, or of all; what runs goes on, what comes in waits.

        Doing so again changes nothing, and gives the pause that there is.

        Args:
            name: a lane, a plugin, or `*`.
            by: the principal who asks.
            reason: for whoever reads it.
            audit: written with it, if it changes anything.

        Raises:
            LookupError: there is no such lane, and no such plugin.
            StoreUnavailable: it is not on disk, and nothing has changed.
        """
        async with self._lock:
            self._known(name)
            there = self._lanes.pauses.get(name)
            if there is not None:
                return there
            now = self._clock.now()
            made = Pause(lane=name, since=now, by=by, reason=reason)
            # At once, so that nothing starts any more while it is being written.
            self._lanes.pause((made,))
            try:
                await audited(self._writer.submit, audit, PauseLane(now=now, pause=made))
            except BaseException:
                self._lanes.resume(name)
                self._wake()
                raise
            _log.warning("lane.paused", lane=name, by=by, reason=reason)
            return made

    async def resume(self, name: str, *, audit: AuditEntry | None = None) -> bool:
        """Go on with a lane, a plugin, or all that was not paused by its own name; whether it was paused.

        Raises:
            LookupError: there is no such lane, and no such plugin.
            StoreUnavailable: it is not on disk, and nothing has changed.
        """
        async with self._lock:
            self._known(name)
            if name not in self._lanes.pauses:
                return False
            await audited(self._writer.submit, audit, ResumeLane(now=self._clock.now(), lane=name))
            self._lanes.resume(name)
            self._lanes.all_waiting()
            self._wake()
            _log.info("lane.resumed", lane=name)
            return True

    async def states(self) -> tuple[LaneState, ...]:
        """How all lanes are, by name.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        return states(self._lanes.within(EVERY_LANE), await self._store.depths())

    def groups(self, lanes: Iterable[LaneState]) -> tuple[GroupState, ...]:
        """How the plugins are whose lanes are bounded together, by name; of how all lanes are."""
        known = tuple(lanes)
        return tuple(group_state(group, known) for group in self._lanes.groups)

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """All that stands still, also lanes and plugins that are not loaded now."""
        return tuple(sorted(self._lanes.pauses.values(), key=lambda pause: pause.lane))

    def turned(self, lane: Lane, circuit: CircuitBreaker) -> None:
        """Say that a breaker is in another state."""
        kind = "opened" if circuit.state == "open" else circuit.state
        told: dict[str, object] = {"command": circuit.command, "lane": lane.name, "failures": circuit.failures}
        if circuit.state == "open":
            told["until"] = rfc3339(circuit.until)
        log.change(f"breaker.{kind}", "warning" if circuit.state == "open" else "info", **told)
        self._house.soon(f"breaker.{kind}", {**told, "state": circuit.state})
        self._wake()

    def _known(self, name: str) -> None:
        if name != EVERY_LANE and name not in self._lanes.pauses and not self._lanes.within(name):
            raise LookupError(name)
