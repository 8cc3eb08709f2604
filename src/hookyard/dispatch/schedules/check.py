"""What of the configuration's schedules does not fit the commands that are there."""

from collections.abc import Iterator, Mapping

from hookyard.config.model import Config
from hookyard.dispatch.schedules.payload import check_payload
from hookyard.host.registry import Command
from hookyard.timetable import RuleError

Found = tuple[str, str]
"""One thing wrong: its key path in the configuration, and a sentence."""


def schedule_problems(config: Config, commands: Mapping[str, Command], inactive: Mapping[str, str]) -> Iterator[Found]:
    """What keeps a server from starting.

    Args:
        config: the configuration.
        commands: those that can run, by `plugin/command`.
        inactive: the plugins that were found and do not run; what commands they have is not known.
    """
    for name, settings in config.schedules.items():
        command = commands.get(settings.run)
        if command is not None:
            try:
                check_payload(settings, name, command)
            except RuleError as error:
                yield f"schedules.{name}.{error.path}", error.problem
        elif _plugin(settings.run) not in inactive:
            yield f"schedules.{name}.run", f"there is no command {settings.run!r}"
        after = settings.after and settings.after.command
        if after and after not in commands and _plugin(after) not in inactive:
            yield f"schedules.{name}.after.command", f"there is no command {after!r}"


def degraded_schedules(config: Config, inactive: Mapping[str, str]) -> Iterator[Found]:
    """Every schedule whose plugin was found and does not run, so that its fire times are refused."""
    for name, settings in config.schedules.items():
        plugin = _plugin(settings.run)
        if plugin in inactive:
            yield f"schedules.{name}.run", f"the plugin {plugin} is {inactive[plugin]}"


def _plugin(key: str) -> str:
    return key.partition("/")[0]
