"""How plugins are shown, over HTTP and at the command line."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.command import Isolation
from hookyard.context.events import EventSpec
from hookyard.host.candidate import PluginKind
from hookyard.host.hooks import HookRecord
from hookyard.host.registry import Command, PluginRecord, PluginState, Registry
from hookyard.schema import of_command, of_type


class CommandRow(Struct, frozen=True, kw_only=True):
    """A command in a list."""

    name: str
    summary: str
    lane: str
    limit: int
    """How many of the lane's jobs may run at once."""
    timeout: float
    """Seconds one attempt may take."""
    max_attempts: int
    read_only: bool
    deprecated: bool
    isolation: Isolation


class FullCommand(CommandRow, frozen=True, kw_only=True):
    """All there is to know about a command."""

    description: str
    idempotent: bool
    input: dict[str, Any]
    """JSON Schema."""
    output: dict[str, Any]


class HookView(Struct, frozen=True, kw_only=True):
    """A hook that a plugin implements and, in a running server, how it has done since it was loaded."""

    hook: str
    calls: int | UnsetType = UNSET
    failures: int | UnsetType = UNSET
    dropped: int | UnsetType = UNSET
    skipped: int | UnsetType = UNSET
    last_ms: float | UnsetType = UNSET
    longest_ms: float | UnsetType = UNSET
    last_error: str | UnsetType = UNSET
    last_error_at: str | UnsetType = UNSET


class DeclaredEvent(Struct, frozen=True, kw_only=True):
    """A type of event that a plugin declares, in a list."""

    type: str
    description: str
    """The first line of what its type says of itself."""


class PluginRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plugin in a list."""

    name: str
    state: PluginState
    kind: PluginKind
    origin: str
    reason: str | UnsetType = UNSET
    """Why it does not run."""
    version: str | UnsetType = UNSET
    isolation: Isolation | UnsetType = UNSET
    """Where all of its commands run, when that is one for all."""
    notes: tuple[str, ...] = ()
    hooks: tuple[HookView, ...] = ()
    commands: tuple[CommandRow, ...] = ()
    events: tuple[DeclaredEvent, ...] = ()
    """What it declares of the events that its commands emit; only of one that runs."""


class EventTypeView(DeclaredEvent, frozen=True, kw_only=True):
    """A type of event that a plugin declares."""

    data: dict[str, Any]
    """JSON Schema of its data, which is the `payload` of what endpoints get."""


class FullPlugin(PluginRow, frozen=True, kw_only=True, omit_defaults=True):
    """All there is to know about a plugin."""

    secrets: tuple[str, ...] = ()
    """The names of those that it declares."""
    events: tuple[EventTypeView, ...] = ()
    """What it declares of the events that its commands emit."""
    commands: tuple[FullCommand, ...] = ()


class PluginList(Struct, frozen=True):
    """Every plugin that was found, in the order of discovery."""

    plugins: list[PluginRow]


def plugin_row(registry: Registry, record: PluginRecord, hooks: Iterable[HookView]) -> PluginRow:
    """Show a plugin in a list."""
    rows = tuple(CommandRow(**_row(command)) for command in _commands(registry, record))
    events = tuple(DeclaredEvent(type=spec.type, description=spec.summary) for spec in _events(registry, record))
    return PluginRow(**_about(record), hooks=tuple(hooks), commands=rows, events=events)


def full_plugin(registry: Registry, record: PluginRecord, hooks: Iterable[HookView]) -> FullPlugin:
    """Show all of a plugin."""
    kept = registry.kept.get(record.name)
    commands: list[FullCommand] = []
    for command in _commands(registry, record):
        spec, schema = command.spec, of_command(command.spec)
        more: dict[str, Any] = {"description": spec.description, "idempotent": spec.options.idempotent}
        commands.append(FullCommand(**_row(command), **more, input=schema.input, output=schema.output))
    return FullPlugin(
        **_about(record),
        secrets=() if kept is None else kept.plugin.secrets,
        events=() if kept is None else tuple(map(_event, kept.plugin.events.values())),
        hooks=tuple(hooks),
        commands=tuple(commands),
    )


def _event(spec: EventSpec) -> EventTypeView:
    return EventTypeView(type=spec.type, description=spec.summary, data=of_type(spec.data))


def _about(record: PluginRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "state": record.state,
        "kind": record.kind,
        "origin": record.origin,
        "reason": record.reason or UNSET,
        "version": record.version or UNSET,
        "isolation": record.isolation or UNSET,
        "notes": record.notes,
    }


def _row(command: Command) -> dict[str, Any]:
    options = command.spec.options
    return {
        "name": command.spec.name,
        "summary": command.spec.summary,
        "lane": command.lane,
        "limit": command.lane_limit,
        "timeout": command.timeout / 1000,
        "max_attempts": command.max_attempts,
        "read_only": options.read_only,
        "deprecated": options.deprecated,
        "isolation": options.isolation,
    }


def _commands(registry: Registry, record: PluginRecord) -> list[Command]:
    if record.state != "active":
        return []
    return [command for command in registry.commands.values() if command.spec.plugin == record.name]


def _events(registry: Registry, record: PluginRecord) -> list[EventSpec]:
    if record.state != "active":
        return []
    return [spec for plugin, spec in registry.events if plugin == record.name]


def hook_names(registry: Registry, record: PluginRecord) -> Iterator[HookView]:
    """The hooks of a plugin where no server runs."""
    kept = registry.kept.get(record.name)
    if kept is not None and record.state == "active":
        yield from (HookView(hook=hook) for hook in kept.plugin.hooks)


def hook_view(record: HookRecord) -> HookView:
    """A hook of a running server."""
    return HookView(
        hook=record.hook,
        calls=record.calls,
        failures=record.failures,
        dropped=record.dropped,
        skipped=record.skipped,
        last_ms=round(record.last_ms, 3),
        longest_ms=round(record.longest_ms, 3),
        last_error=record.last_error or UNSET,
        last_error_at=UNSET if record.last_error_at is None else rfc3339(record.last_error_at),
    )
