"""What is loaded: immutable tables that every other room only reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from hookyard.command import CommandSpec, Isolation, Keyed, Unique
from hookyard.config.model import PluginSettings
from hookyard.config.values import Rate
from hookyard.context.events import EventSpec
from hookyard.host.candidate import Candidate, PluginKind
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.lane_rules import LaneRule
from hookyard.keypath import KeyPath
from hookyard.model import Breaker, Retry, UniquePolicy
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
    affinity: KeyPath | None = None
    """Where in its input the name of what a worker should have loaded stands."""
    rate: Rate | None = None
    """How many attempts may start in how much time; of its lane, as the next two."""
    burst: int | None = None
    """How many of these at once; None is the whole count of `rate`."""
    max_queued: int | None = None
    """How many jobs may wait in its lane."""
    max_result: int = 1 << 20
    """Bytes; a larger result is kept as an artifact."""
    launch: object = None
    """How its runner starts it: a WorkerLaunch, an ExecLaunch or a DuctileLaunch; None inline and in threads."""
    breaker: Breaker | None = field(init=False)
    key: str = field(init=False)
    """`plugin/command`."""
    priority: int = field(init=False)
    retry: Retry = field(init=False)
    keyed: KeyPath | None = field(init=False)
    """Where in its input the key of its concurrency is, if it has any."""
    key_limit: int = field(init=False)
    unique: UniquePolicy | None = field(init=False)
    unique_path: KeyPath | None = field(init=False)
    """Where in its input the key of its uniqueness is; None takes the whole."""
    debounce: int | None = field(init=False)
    """Milliseconds."""
    debounce_max: int = field(init=False)
    on_success: tuple[str, ...] = field(init=False)
    on_failure: tuple[str, ...] = field(init=False)
    plain: bool = field(init=False)
    """Whether its jobs need nothing of their input but to have it: most of them."""

    def __post_init__(self) -> None:
        """Take out of the options what is looked at for every job."""
        put, options = object.__setattr__, self.spec.options
        put(self, "key", self.spec.key)
        put(self, "breaker", options.breaker)
        put(self, "priority", options.priority)
        put(self, "retry", options.retry)
        keyed = options.concurrency if isinstance(options.concurrency, Keyed) else None
        put(self, "keyed", None if keyed is None else KeyPath(keyed.key))
        put(self, "key_limit", 1 if keyed is None else keyed.limit)
        unique = (
            options.unique if options.unique is None or isinstance(options.unique, Unique) else Unique(options.unique)
        )
        put(self, "unique", None if unique is None else unique.policy)
        put(self, "unique_path", None if unique is None or unique.key is None else KeyPath(unique.key))
        debounce = None if options.debounce is None else round(options.debounce * 1000)
        put(self, "debounce", debounce)
        most = options.debounce_max
        put(self, "debounce_max", 10 * (debounce or 0) if most is None else round(most * 1000))
        put(self, "on_success", _each(options.on_success))
        put(self, "on_failure", _each(options.on_failure))
        put(self, "plain", keyed is None and unique is None and debounce is None and self.affinity is None)


def _each(commands: str | tuple[str, ...]) -> tuple[str, ...]:
    return (commands,) if isinstance(commands, str) else commands


def _lane_rules(commands: Iterable[Command]) -> dict[str, LaneRule]:
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
        plugin_lanes: what holds for all lanes of a plugin together, by its name.
    """

    __slots__ = ("active", "commands", "kept", "lane_rules", "lanes", "plugin_lanes", "plugins", "problems")

    plugins: tuple[PluginRecord, ...]
    active: tuple[ActivePlugin, ...]
    commands: Mapping[str, Command]
    lanes: Mapping[str, int]
    """Lane -> how many of its jobs may run at once."""
    lane_rules: Mapping[str, LaneRule]
    """Lane -> all that holds for it."""
    plugin_lanes: Mapping[str, LaneRule]
    problems: tuple[tuple[str, str], ...]
    kept: Mapping[str, Kept]

    def __init__(
        self,
        plugins: tuple[PluginRecord, ...] = (),
        active: tuple[ActivePlugin, ...] = (),
        commands: Mapping[str, Command] | None = None,
        problems: tuple[tuple[str, str], ...] = (),
        kept: Mapping[str, Kept] | None = None,
        *,
        plugin_lanes: Mapping[str, LaneRule] | None = None,
    ) -> None:
        put = super().__setattr__
        table = dict(commands or {})
        put("plugins", plugins)
        put("active", active)
        put("commands", MappingProxyType(table))
        put("lanes", MappingProxyType({command.lane: command.lane_limit for command in table.values()}))
        put("lane_rules", MappingProxyType(_lane_rules(table.values())))
        put("plugin_lanes", MappingProxyType(dict(plugin_lanes or {})))
        put("problems", problems)
        put("kept", MappingProxyType(dict(kept or {})))

    @property
    def events(self) -> tuple[tuple[str, EventSpec], ...]:
        """The types of events that the plugins that run declare, with the names of these."""
        return tuple((each.plugin.name, spec) for each in self.active for spec in each.plugin.events.values())

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
