"""What a plugin is to the host that is not imported here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, NoReturn

from hookyard.command import CommandSpec
from hookyard.context.events import NO_EVENTS, EventSpec
from hookyard.plugin import HookSpec


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Stands where an imported plugin has a command's function."""

    key: str
    """Of the command."""

    def __call__(self, data: object, context: object) -> NoReturn:
        """Refuse.

        Raises:
            TypeError: always.
        """
        del data, context
        msg = f"{self.key} runs in a process of its own"
        raise TypeError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPlugin:
    """A plugin as its manifest describes it; what :class:`hookyard.Plugin` is for one that is imported.

    Made by `describe` of `hookyard.host.foreign.{exec,ductile,worker}.describe`, which raises PluginLoadError.
    """

    name: str
    version: str | None
    api: int
    commands: Mapping[str, CommandSpec]
    """By name; their types are compiled from the manifest's JSON Schemas, their `function` refuses to be called."""
    launch: object
    """How its runner starts it: a WorkerLaunch, an ExecLaunch or a DuctileLaunch."""
    config_type: type[Any] = NoneType
    """A Struct compiled from the manifest's schema of its configuration, or `dict` when that says nothing of it;
    NoneType when it takes none."""
    problems: tuple[tuple[str, str], ...] = ()
    """What its section of the configuration has wrong beyond that type: key paths and sentences."""
    notes: tuple[str, ...] = ()
    """What of its manifest is not held to, and why; it runs nevertheless."""
    lane: str | None = None
    """The one lane of all its commands; None gives each its own."""
    serial: bool = False
    """Whether only one of its jobs may run at once, whatever the configuration says of the lane."""
    events: Mapping[str, EventSpec] = field(default_factory=lambda: NO_EVENTS)
    """What it declares of the events that it emits, by type."""
    secrets: tuple[str, ...] = ()
    """The names of the secrets that it declares."""
    hooks: Mapping[str, HookSpec] = field(default_factory=dict[str, HookSpec])
    """Always empty: hooks run in the server's own process."""
