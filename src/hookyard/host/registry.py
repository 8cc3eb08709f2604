"""What is loaded: immutable tables that every other room only reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from hookyard.command import CommandSpec, Isolation
from hookyard.config.model import PluginSettings
from hookyard.host.candidate import Candidate, PluginKind
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.plugin import Plugin

PluginState = Literal["active", "disabled", "available", "blocked", "incompatible", "failed"]
"""`available` is installed and not named in the configuration, so it is not imported; `blocked` could be
changed by anyone on the machine; `incompatible` was written for another Hookyard; `failed` could not be
loaded."""


class PluginRecord(Struct, frozen=True, kw_only=True):
    """One plugin that was found, whatever became of it."""

    name: str
    state: PluginState
    reason: str | None = None
    """Why it is not active, in one or more lines."""
    version: str | None = None
    origin: str = ""
    """Where it was found: a path, or the entry point and its distribution."""
    kind: PluginKind = "python"
    isolation: Isolation | None = None
    """Where all of its commands run, when that is one for all."""
    notes: tuple[str, ...] = ()
    """What of its manifest is not held to, and why; it runs nevertheless."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command bound to this configuration."""

    spec: CommandSpec
    config: object
    """The plugin's configuration, decoded; None when it declares none."""
    lane: str
    lane_limit: int
    timeout: int
    """Milliseconds one attempt may take."""
    max_attempts: int
    launch: object = None
    """How its runner starts it: a WorkerLaunch, an ExecLaunch or a DuctileLaunch; None inline and in threads."""
    key: str = field(init=False)
    """`plugin/command`."""

    def __post_init__(self) -> None:
        """Copy the key: it is looked at for every job."""
        object.__setattr__(self, "key", self.spec.key)


@dataclass(frozen=True, slots=True)
class ActivePlugin:
    """A plugin that runs, with its configuration."""

    plugin: Plugin[Any] | ForeignPlugin
    config: object


@dataclass(frozen=True, slots=True)
class Kept:
    """A plugin as it was loaded, for the next load: what has not changed since is not loaded again."""

    candidate: Candidate
    settings: PluginSettings
    digest: str | None
    """Of its files; None of an installed plugin, which cannot change in a running process."""
    plugin: Plugin[Any] | ForeignPlugin
    launch: object = None
    """How those of its commands are started that do not run in the server's process."""


class Registry:
    """All that loading found. Built as a whole, at start and for every reload.

    Args:
        plugins: every plugin found, in the order of discovery.
        active: those that run.
        commands: theirs, by key.
        problems: what the configuration has wrong about plugins: key path and message.
        kept: what was loaded, by name, for the next load.
    """

    __slots__ = ("active", "commands", "kept", "lanes", "plugins", "problems")

    plugins: tuple[PluginRecord, ...]
    active: tuple[ActivePlugin, ...]
    commands: Mapping[str, Command]
    lanes: Mapping[str, int]
    """Lane -> how many of its jobs may run at once."""
    problems: tuple[tuple[str, str], ...]
    kept: Mapping[str, Kept]

    def __init__(
        self,
        plugins: tuple[PluginRecord, ...] = (),
        active: tuple[ActivePlugin, ...] = (),
        commands: Mapping[str, Command] | None = None,
        problems: tuple[tuple[str, str], ...] = (),
        kept: Mapping[str, Kept] | None = None,
    ) -> None:
        put = super().__setattr__
        table = dict(commands or {})
        put("plugins", plugins)
        put("active", active)
        put("commands", MappingProxyType(table))
        put("lanes", MappingProxyType({command.lane: command.lane_limit for command in table.values()}))
        put("problems", problems)
        put("kept", MappingProxyType(dict(kept or {})))

    def inactive(self) -> dict[str, PluginState]:
        """The plugins that the configuration has and that do not run, by name, with their states.

        One that is only available is not among them: the configuration has yet to name it.
        """
        active = {each.plugin.name for each in self.active}
        return {
            plugin.name: plugin.state
            for plugin in self.plugins
            if plugin.name not in active and plugin.state != "available"
        }

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"the registry is immutable; {name} stays"
        raise AttributeError(msg)
