"""What the configuration says of single commands, held against what these are: key paths and messages."""

import difflib
from collections.abc import Collection, Iterator, Mapping

from hookyard.command import CommandSpec
from hookyard.config.model import CommandSettings, Config, UniqueSettings
from hookyard.host.merge import merged
from hookyard.host.registry import Command
from hookyard.keypath import KeyPath
from hookyard.signature import options_problems

Found = tuple[str, str]
"""A key path and what is wrong there."""


def command_problems(spec: CommandSpec, settings: CommandSettings) -> Iterator[Found]:
    """What is wrong with the section of one command; with any of it, the section cannot hold."""
    at = f"commands.{spec.key}"
    places = list(_paths(at, settings))
    wrong = [(place, why) for place, text in places if (why := _misled(text, spec)) is not None]
    if wrong:
        yield from wrong
        return
    options = merged(spec.options, settings)
    for name, problem in options_problems(options):
        yield f"{at}.{name}" if getattr(settings, name.partition(".")[0], None) is not None else at, problem


def unknown_commands(config: Config, commands: Mapping[str, Command], found: Collection[str]) -> Iterator[Found]:
    """Sections for commands that are not there.

    Args:
        config: the configuration.
        commands: those there are.
        found: plugins that were found and do not run: their commands are not known.
    """
    for key in config.commands:
        if key not in commands and key.partition("/")[0] not in found:
            close = difflib.get_close_matches(key, commands, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield f"commands.{key}", f"there is no such command{hint}"


def _paths(at: str, settings: CommandSettings) -> Iterator[Found]:
    if settings.concurrency is not None:
        yield f"{at}.concurrency.key", settings.concurrency.key
    if isinstance(settings.unique, UniqueSettings) and settings.unique.key is not None:
        yield f"{at}.unique.key", settings.unique.key


def _misled(text: str, spec: CommandSpec) -> str | None:
    try:
        return KeyPath(text).problem(spec.input_type)
    except ValueError as error:
        return str(error)
