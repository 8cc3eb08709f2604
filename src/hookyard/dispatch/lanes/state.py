"""How a lane is, for whoever asks."""

from collections.abc import Iterable

from msgspec import Struct

from hookyard.config.values import Rate
from hookyard.dispatch.lanes.lane import Group, Lane
from hookyard.model import BreakerState, LaneDepth, Pause


class BreakerInfo(Struct, frozen=True, kw_only=True):
    """How the breaker of a command is."""

    command: str
    """`plugin/command`."""
    state: BreakerState
    failures: int
    """How many there have been in a row."""
    since: int | None
    """When it came into this state; None if it has never been in another."""
    until: int | None
    """When one that is open half opens."""


class LaneState(Struct, frozen=True, kw_only=True):
    """How a lane is."""

    name: str
    plugin: str
    limit: int
    running: int
    queued: int
    """Waiting, for whatever."""
    rate: Rate | None
    burst: int | None
    max_queued: int | None
    pause: Pause | None
    """What keeps it standing: its own pause, its plugin's, or that of everything."""
    breakers: tuple[BreakerInfo, ...]
    external: bool


class GroupState(Struct, frozen=True, kw_only=True):
    """How the lanes of a plugin are that are bounded together."""

    plugin: str
    running: int
    limit: int | None
    rate: Rate | None
    burst: int | None


def states(lanes: Iterable[Lane], depths: Iterable[LaneDepth]) -> tuple[LaneState, ...]:
    """How these lanes are, by name, with what the store says of them."""
    known = {depth.lane: depth for depth in depths}
    return tuple(
        _state(lane, known.get(lane.name) or LaneDepth(lane.name, 0, 0))
        for lane in sorted(lanes, key=lambda lane: lane.name)
    )


def _state(lane: Lane, depth: LaneDepth) -> LaneState:
    rule = lane.rule
    return LaneState(
        name=lane.name,
        plugin=lane.plugin,
        limit=lane.limit,
        running=depth.running,
        queued=depth.queued,
        rate=rule.rate,
        burst=None if lane.bucket is None else lane.bucket.burst,
        max_queued=rule.max_queued,
        pause=lane.pause,
        breakers=tuple(
            BreakerInfo(
                command=circuit.command,
                state=circuit.state,
                failures=circuit.failures,
                since=circuit.since,
                until=circuit.until if circuit.state == "open" else None,
            )
            for circuit in lane.circuits
        ),
        external=rule.external,
    )


def group_state(group: Group, lanes: Iterable[LaneState]) -> GroupState:
    """How a plugin's lanes are together, of how each of them is."""
    bucket = group.bucket
    return GroupState(
        plugin=group.name,
        running=sum(lane.running for lane in lanes if lane.plugin == group.name),
        limit=group.limit,
        rate=None if bucket is None else bucket.rate,
        burst=None if bucket is None else bucket.burst,
    )
