"""What holds for lanes, from the commands and the configuration."""

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from hookyard.config.model import Config, LaneSettings
from hookyard.config.values import Rate
from hookyard.model import Breaker

if TYPE_CHECKING:
    from hookyard.host.registry import Command


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


def rules_of_lanes(commands: Iterable["Command"]) -> dict[str, LaneRule]:
    """The rule of every lane, by its name."""
    found: dict[str, LaneRule] = {}
    for command in commands:
        before = found.get(command.lane)
        breakers = () if before is None else before.breakers
        if command.breaker is not None:
            breakers = (*breakers, (command.key, command.breaker))
        found[command.lane] = LaneRule(
            limit=command.lane_limit,
            rate=command.rate,
            burst=command.burst,
            max_queued=command.max_queued,
            external=command.spec.options.isolation == "external",
            breakers=breakers,
        )
    return found


def rules_of_plugins(config: Config, lanes: Container[str]) -> dict[str, LaneRule]:
    """What holds for all lanes of a plugin together, by its name; one whose only lane has its name has nothing."""
    return {
        name: LaneRule(limit=settings.limit, rate=settings.rate, burst=settings.burst)
        for name, settings in config.lanes.items()
        if "/" not in name and name not in lanes
    }


def wrong_of_lane(name: str, settings: LaneSettings, *, is_plugin: bool) -> Iterable[tuple[str, str]]:
    """What cannot be so in the settings of a lane or a plugin, as key path and message."""
    if settings.burst is not None and settings.rate is None:
        yield f"lanes.{name}.burst", "it is the burst of a rate, and there is none; give `rate` as well"
    if is_plugin and settings.max_queued is not None:
        yield f"lanes.{name}.max_queued", "jobs wait in a lane, not in a plugin; give it to each plugin/command"


def wrong_of_shared(config: Config, commands: Iterable["Command"]) -> Iterable[tuple[str, str]]:
    """Settings of single commands that are of a lane, where several commands share that."""
    for command in commands:
        settings = config.commands.get(command.key)
        if settings is None or command.lane == command.key:
            continue
        for name, value in (("rate", settings.rate), ("max_queued", settings.max_queued)):
            if value is not None:
                message = f"all commands of the plugin share one lane; give it to lanes.{command.lane}.{name}"
                yield f"commands.{command.key}.{name}", message
