"""Lanes as callers see them."""

from msgspec import UNSET, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.dispatch.lanes import BreakerInfo, GroupState, LaneState
from hookyard.model import BreakerState, Pause


class PauseView(Struct, frozen=True, kw_only=True):
    """What stands still."""

    lane: str
    """A lane, a plugin, or `*` for everything."""
    since: str
    by: str
    """The principal that paused it."""
    reason: str


class BreakerView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The breaker of a command."""

    command: str
    """`plugin/command`."""
    state: BreakerState
    failures: int
    """How many there have been in a row."""
    since: str | UnsetType = UNSET
    """When it came into this state; left out if it has never been in another."""
    until: str | UnsetType = UNSET
    """When one that is open half opens."""


class LaneView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One lane."""

    lane: str
    plugin: str
    limit: int
    """How many of its jobs may run at once."""
    running: int
    queued: int
    """How many wait, for whatever: their turn, their time, their key, other jobs."""
    external: bool
    """Whether workers that come over HTTP run its jobs."""
    rate: str | UnsetType = UNSET
    """How many attempts may start in how much time, such as `100/1m`."""
    burst: int | UnsetType = UNSET
    """How many of these at once."""
    max_queued: int | UnsetType = UNSET
    """How many jobs may wait."""
    paused: PauseView | UnsetType = UNSET
    """What keeps it standing: its own pause, its plugin's, or that of everything."""
    breakers: tuple[BreakerView, ...] = ()
    """Of those of its commands that have one."""


class PluginLanesView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds for all lanes of a plugin together."""

    plugin: str
    running: int
    limit: int | UnsetType = UNSET
    rate: str | UnsetType = UNSET
    burst: int | UnsetType = UNSET


class LaneList(Struct, frozen=True, kw_only=True):
    """All lanes, by name."""

    lanes: list[LaneView]
    plugins: list[PluginLanesView]
    """Those whose lanes are bounded together."""
    pauses: list[PauseView]
    """All that stands still, also what is not loaded now."""


class LaneChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How what was paused or resumed is now."""

    lane: str
    """As it was asked for: a lane, a plugin, or `*`."""
    paused: PauseView | UnsetType = UNSET
    """The pause under this name; left out when there is none. A wider one may still hold its lanes."""
    lanes: list[LaneView]
    """The lanes that it stands for."""


def pause_view(pause: Pause) -> PauseView:
    """Show a pause."""
    return PauseView(lane=pause.lane, since=rfc3339(pause.since), by=pause.by, reason=pause.reason)


def lane_view(lane: LaneState) -> LaneView:
    """Show a lane."""
    return LaneView(
        lane=lane.name,
        plugin=lane.plugin,
        limit=lane.limit,
        running=lane.running,
        queued=lane.queued,
        external=lane.external,
        rate=UNSET if lane.rate is None else lane.rate.text,
        burst=_or_unset(lane.burst),
        max_queued=_or_unset(lane.max_queued),
        paused=UNSET if lane.pause is None else pause_view(lane.pause),
        breakers=tuple(map(_breaker, lane.breakers)),
    )


def plugin_view(group: GroupState) -> PluginLanesView:
    """Show what holds for a plugin."""
    return PluginLanesView(
        plugin=group.plugin,
        running=group.running,
        limit=_or_unset(group.limit),
        rate=UNSET if group.rate is None else group.rate.text,
        burst=_or_unset(group.burst),
    )


def _breaker(breaker: BreakerInfo) -> BreakerView:
    return BreakerView(
        command=breaker.command,
        state=breaker.state,
        failures=breaker.failures,
        since=UNSET if breaker.since is None else rfc3339(breaker.since),
        until=UNSET if breaker.until is None else rfc3339(breaker.until),
    )


def _or_unset(value: int | None) -> int | UnsetType:
    return UNSET if value is None else value
