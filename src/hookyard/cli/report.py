"""What a configuration amounts to once its plugins are loaded, and what is wrong with it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.assembly import apart_from_plugins, assemble
from hookyard.config import Config, Loaded, load_file
from hookyard.config.schedules.spec import spec_of
from hookyard.errors import ConfigError, Problem
from hookyard.host.registry import PluginRecord, Registry
from hookyard.host.type_checks import Memory, content
from hookyard.outbound.endpoints import unsigned_type
from hookyard.outbound.events import command_doubt, doubt

_BROKEN: Final = frozenset({"blocked", "incompatible", "failed"})


class CommandLine(Struct, frozen=True):
    """A command that can be called."""

    command: str
    lane: str
    limit: int


class EventLine(Struct, frozen=True):
    """A type of event that a plugin declares."""

    event: str
    plugin: str


class SourceLine(Struct, frozen=True):
    """A source with its routes."""

    name: str
    path: str
    routes: tuple[str, ...]


class EndpointLine(Struct, frozen=True):
    """A subscriber; without its URL, which may hold a credential."""

    name: str
    enabled: bool
    events: tuple[str, ...]
    commands: tuple[str, ...]


class ScheduleLine(Struct, frozen=True):
    """A schedule."""

    name: str
    when: str
    """Its rule, in a few words."""
    run: str
    """The command."""


class Report(Struct, frozen=True, kw_only=True):
    """All that `hookyard check` says."""

    file: str
    ok: bool
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    plugins: tuple[PluginRecord, ...] = ()
    commands: tuple[CommandLine, ...] = ()
    events: tuple[EventLine, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    schedules: tuple[ScheduleLine, ...] = ()
    endpoints: tuple[EndpointLine, ...] = ()
    tokens: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The report for programs."""
        return msgspec.json.format(msgspec.json.encode(self)).decode()

    def complaints(self) -> Iterator[str]:
        """One line for each problem and each warning, as `file:line: path: message`."""
        yield from (str(problem) for problem in self.problems)
        yield from (f"{warning} (warning)" for warning in self.warnings)

    def summary(self) -> Iterator[str]:
        """A few lines for a person."""
        yield f"{self.file}: no problems"
        yield from _block("plugins", (_plugin_line(plugin) for plugin in self.plugins))
        yield from _block("commands", (f"{one.command} (lane {one.lane}, {one.limit})" for one in self.commands))
        yield from _block("events", (f"{one.event} of {one.plugin}" for one in self.events))
        schedules = (f"{schedule.name}: {schedule.when} -> {schedule.run}" for schedule in self.schedules)
        yield from _block("schedules", schedules)
        yield from _block("sources", (f"{source.path}: {', '.join(source.routes)}" for source in self.sources))
        yield from _block("endpoints", (_endpoint_line(endpoint) for endpoint in self.endpoints))
        yield from _block("tokens", self.tokens)


def examine(path: Path) -> Report:
    """Load a configuration and everything that it names."""
    try:
        loaded = load_file(path, checks=apart_from_plugins)
    except ConfigError as error:
        return Report(file=str(path), ok=False, problems=error.problems)
    config = loaded.config
    assembly = assemble(loaded)
    registry = assembly.registry
    declared = [(plugin, spec.type) for plugin, spec in registry.events]
    broken = _located(loaded, _broken(registry, [problem.path for problem in assembly.problems]))
    untyped = _located(loaded, _untyped(loaded, registry))
    found = (*assembly.problems, *assembly.degraded, *broken, *untyped)
    problems = tuple(sorted(found, key=lambda problem: problem.line))
    return Report(
        file=str(path),
        ok=not problems,
        problems=problems,
        warnings=_located(
            loaded, _warnings(config, [event for _, event in declared], [one.key for one in registry.commands.values()])
        ),
        plugins=registry.plugins,
        commands=tuple(
            CommandLine(command.key, command.lane, command.lane_limit) for command in registry.commands.values()
        ),
        events=tuple(EventLine(event, plugin) for plugin, event in declared),
        sources=tuple(_source(name, config) for name in config.sources),
        schedules=tuple(_schedule(name, config) for name in config.schedules),
        endpoints=tuple(
            EndpointLine(name, endpoint.enabled, endpoint.events, endpoint.commands)
            for name, endpoint in config.endpoints.items()
        ),
        tokens=tuple(token.name for token in config.tokens),
    )


def _broken(registry: Registry, told: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Plugins that the configuration wants and does not get. A server starts without them; a check says so."""
    for plugin in registry.plugins:
        path = f"plugins.{plugin.name}"
        if plugin.state in _BROKEN and not any(f"{one}.".startswith(f"{path}.") for one in told):
            yield path, f"{plugin.origin} is {plugin.state}: {_one_line(plugin.reason)}"


def _untyped(loaded: Loaded, registry: Registry) -> Iterator[tuple[str, str]]:
    """Python plugins that no type checker has passed, where the configuration demands it. A server starts with them."""
    if not loaded.config.require_types:
        return
    memory = Memory(loaded.base)
    for name, kept in registry.kept.items():
        if kept.candidate.kind == "python" and not memory.has(name, content(kept.candidate)):
            command = f"hookyard plugins check --types {loaded.name}"
            yield f"plugins.{name}", f"require_types: as it is now, no type checker has passed it; run `{command}`"


def _warnings(config: Config, events: list[str], commands: list[str]) -> Iterator[tuple[str, str]]:
    for name, endpoint in config.endpoints.items():
        for index, pattern in enumerate(endpoint.events):
            if why := doubt(pattern, events):
                yield f"endpoints.{name}.events[{index}]", why
        for index, pattern in enumerate(endpoint.commands):
            if why := command_doubt(pattern, commands):
                yield f"endpoints.{name}.commands[{index}]", why
        if found := unsigned_type(endpoint, config.outbound):
            yield f"endpoints.{name}.{found[0]}", found[1]
    if not config.tokens:
        yield "tokens", "there is none, so every call of /trigger and /api is refused"
    for name, one in config.schedules.items():
        if one.catch_up == "all" and one.if_running == "skip" and one.after is None:
            message = "with if_running: skip only the first of what was missed makes a job; use if_running: queue"
            yield f"schedules.{name}.catch_up", message


def _located(loaded: Loaded, found: Iterator[tuple[str, str]]) -> tuple[Problem, ...]:
    problems = (loaded.problem(path, message) for path, message in found)
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _source(name: str, config: Config) -> SourceLine:
    routes = (
        f"{route.on if isinstance(route.on, str) else '|'.join(route.on)} -> {route.run}"
        for route in config.sources[name].routes
    )
    return SourceLine(name, f"/hooks/{name}", tuple(routes))


def _schedule(name: str, config: Config) -> ScheduleLine:
    given = spec_of(config.schedules[name])
    key = next(key for key in ("cron", "every", "at", "after") if key in given)
    when = given[key] if isinstance(given[key], str) else msgspec.json.encode(given[key]).decode()
    zone = f" {given['timezone']}" if "timezone" in given else ""
    return ScheduleLine(name, f"{key} {when}{zone}", config.schedules[name].run)


def _block(title: str, lines: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else title:<10} {line}"


def _plugin_line(plugin: PluginRecord) -> str:
    version = f" {plugin.version}" if plugin.version else ""
    reason = f" ({_one_line(plugin.reason)})" if plugin.reason else ""
    return f"{plugin.name}{version}: {plugin.state}{reason}"


def _one_line(reason: str | None) -> str:
    return " ".join((reason or "").split())


def _endpoint_line(endpoint: EndpointLine) -> str:
    what = f"{', '.join(endpoint.events)} of {', '.join(endpoint.commands)}"
    return f"{endpoint.name}: {what}" + ("" if endpoint.enabled else " (disabled)")
