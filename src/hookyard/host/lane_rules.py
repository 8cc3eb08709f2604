"""What holds for lanes, from the commands and the configuration."""

from collections.abc import Container

from msgspec import Struct

from hookyard.config.model import Config
from hookyard.config.values import Rate
from hookyard.model import Breaker


class LaneRule(Struct, frozen=True, kw_only=True):
    """What holds for one lane, or, as a rule of a plugin, for all of its lanes together."""

    limit: int | None
    """How many of its jobs may run at once; None, of a plugin only, is as many as its lanes let run."""
    rate: Rate | None = None
    """How many attempts may start in how much time."""
    burst: int | None = None
    """How many of these at once; None is the whole count."""
    max_queued: int | None = None
    """How many jobs may wait; of a lane only."""
    external: bool = False
    """Whether workers that come over HTTP run its jobs, and nothing here does."""
    breakers: tuple[tuple[str, Breaker], ...] = ()
    """Those of its commands that have one, by `plugin/command`."""


def rules_of_plugins(config: Config, lanes: Container[str]) -> dict[str, LaneRule]:
    """What holds for all lanes of a plugin together, by its name; one whose only lane has its name has nothing."""
    return {
        name: LaneRule(limit=settings.limit, rate=settings.rate, burst=settings.burst)
        for name, settings in config.lanes.items()
        if "/" not in name and name not in lanes
    }
