"""What is to be mended about an endpoint, though it is sent to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from msgspec import UNSET, UnsetType

from hookyard.context.events import EventSpec
from hookyard.outbound.endpoints import Entry
from hookyard.outbound.events import command_doubt, doubt

Declared: TypeAlias = Callable[[], Sequence[tuple[str, EventSpec]]]
"""Gives the types of events that plugins declare at this moment, with the names of the plugins."""
Commands: TypeAlias = Callable[[], Iterable[str]]
"""Gives the commands that can be called at this moment."""
_NAME_TAKEN: Final = "the configuration has another of this name, which is not used"
_KEPT: Final = 4096
"""Filters whose doubts are kept: a page of endpoints asks for each of its filters."""


def warning_of(entry: Entry, declared: Declared, commands: Commands) -> str | UnsetType:
    """Nobody uses the other of its name, its `if` fails, or one of its filters hardly means what it says."""
    return "; ".join(_warnings(entry, declared, commands)) or UNSET


def _warnings(entry: Entry, declared: Declared, commands: Commands) -> Iterator[str]:
    if entry.name_taken:
        yield _NAME_TAKEN
    if entry.condition is not None and entry.condition.trouble is not None:
        yield entry.condition.trouble
    if entry.settings is not None:
        types = tuple(spec.type for _, spec in declared())
        for index, pattern in enumerate(entry.settings.events):
            if why := _doubt(pattern, types):
                yield f"events[{index}]: {why}"
        there = tuple(commands())
        for index, pattern in enumerate(entry.settings.commands):
            if why := _command_doubt(pattern, there):
                yield f"commands[{index}]: {why}"


@lru_cache(_KEPT)
def _doubt(pattern: str, declared: tuple[str, ...]) -> str | None:
    return doubt(pattern, declared)


@lru_cache(_KEPT)
def _command_doubt(pattern: str, commands: tuple[str, ...]) -> str | None:
    return command_doubt(pattern, commands)
