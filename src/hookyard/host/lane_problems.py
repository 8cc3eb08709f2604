"""What the configuration has wrong about lanes: each as key path and message."""

from collections.abc import Iterable

from hookyard.config.model import Config, LaneSettings
from hookyard.host.registry import Command


def wrong_of_lane(name: str, settings: LaneSettings, *, is_plugin: bool) -> Iterable[tuple[str, str]]:
    """What cannot be so in the settings of a lane or a plugin, as key path and message."""
    if settings.burst is not None and settings.rate is None:
        yield f"lanes.{name}.burst", "it is the burst of a rate, and there is none; give `rate` as well"
    if is_plugin and settings.max_queued is not None:
        yield f"lanes.{name}.max_queued", "jobs wait in a lane, not in a plugin; give it to each plugin/command"


def wrong_of_shared(config: Config, commands: Iterable[Command]) -> Iterable[tuple[str, str]]:
    """Settings of single commands that are of a lane, where several commands share that."""
    for command in commands:
        settings = config.commands.get(command.key)
        if settings is None or command.lane == command.key:
            continue
        for name, value in (("rate", settings.rate), ("max_queued", settings.max_queued)):
            if value is not None:
                message = f"all commands of the plugin share one lane; give it to lanes.{command.lane}.{name}"
                yield f"commands.{command.key}.{name}", message
