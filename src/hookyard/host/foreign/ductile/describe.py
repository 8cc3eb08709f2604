"""A Ductile plugin as its manifest describes it: nothing of it is run for that."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hookyard.command import CommandOptions, CommandSpec
from hookyard.config.model import PluginSettings
from hookyard.context.events import EventSpec
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import Elsewhere, ForeignPlugin
from hookyard.host.foreign.ductile.inputs import input_of
from hookyard.host.foreign.ductile.launch import DuctileLaunch
from hookyard.host.foreign.ductile.manifest import CommandEntry, Manifest
from hookyard.host.foreign.ductile.read import read_manifest
from hookyard.host.foreign.ductile.result import DuctileResult
from hookyard.host.foreign.ductile.trust import entrypoint_of
from hookyard.host.foreign.events import declared_events
from hookyard.host.foreign.external.schemas import compiled
from hookyard.host.foreign.manifest_file import shown_as
from hookyard.host.foreign.surroundings import process_spec
from hookyard.model import Retry
from hookyard.plugin import API_VERSION

Found = tuple[str, str]
"""A key path of the configuration and what is wrong there."""
TIMEOUTS: Final = {"poll": 60.0, "handle": 120.0, "health": 10.0, "init": 30.0}
"""Seconds; the protocol's own."""
OTHERS: Final = 60.0
RETRY: Final = Retry(attempts=4, base=30.0, factor=2.0, cap=86_400.0, jitter=False, spread=0.25)


def describe(candidate: Candidate, settings: PluginSettings, base: Path, name: str | None = None) -> ForeignPlugin:
    """The plugin of a folder with a `manifest.yaml`.

    Args:
        candidate: with the manifest.
        settings: of the plugin, or of the alias.
        base: what messages show paths relative to.
        name: of the alias, where the plugin runs under one.

    Raises:
        PluginLoadError: the manifest is wrong, or the program may not be run; the message says where.
    """
    if candidate.manifest is None:
        msg = f"{candidate.origin}: there is no manifest.yaml"
        raise PluginLoadError(msg)
    path = candidate.manifest
    shown = shown_as(path, base)
    manifest = read_manifest(path, shown)
    program = entrypoint_of(path.parent, manifest.entrypoint, candidate.root, shown)
    own = name or manifest.name
    notes: list[str] = []
    wrong: list[Found] = []
    events = _events(own, settings, base, wrong)
    commands = {entry.name: _command(own, entry, events, notes.append) for entry in manifest.commands}
    return ForeignPlugin(
        name=own,
        version=str(manifest.version),
        api=API_VERSION,
        commands=commands,
        launch=DuctileLaunch(
            process=process_spec(settings, program, cwd=path.parent.resolve()),
            secrets=tuple(settings.secrets),
            mirrored=manifest.mirrored(),
        ),
        config_type=dict,
        secrets=tuple(settings.secrets),  # no manifest names any: what is configured is declared
        problems=(*_missing(manifest, own, settings), *_twice(own, settings), *wrong),
        notes=tuple(notes),
        lane=own,
        serial=manifest.concurrency_safe is False,
        events=events,
    )


def _events(plugin: str, settings: PluginSettings, base: Path, wrong: list[Found]) -> dict[str, EventSpec]:
    """What the configuration declares: the manifest's `values.emit` says no more than members' names."""

    def made(schema: dict[str, Any] | str, name: str, at: str) -> object:
        kind, problem = compiled(schema, name, at, base)
        if problem is not None:
            wrong.append(problem)
        return kind

    def report(at: str, message: str) -> None:
        wrong.append((at, message))

    return declared_events(plugin, settings.events, f"plugins.{plugin}.events", made, report)


def _command(
    plugin: str, entry: CommandEntry, events: Mapping[str, EventSpec], note: Callable[[str], None]
) -> CommandSpec:
    where = f"commands.{entry.name}.input_schema"
    reads = entry.type == "read"
    description = (entry.description or "").strip()
    options = CommandOptions(
        summary=description.partition("\n")[0],
        read_only=reads,
        timeout=TIMEOUTS.get(entry.name, OTHERS),
        retry=RETRY,
        concurrency=1,
        isolation="ductile",
        idempotent=reads if entry.idempotent is None else entry.idempotent,
    )
    return CommandSpec(
        plugin=plugin,
        name=entry.name,
        function=Elsewhere(f"{plugin}/{entry.name}"),
        is_async=True,
        input_type=input_of(
            entry.input_schema,
            f"{_camel(entry.name)}Input",
            lambda text: note(f"{where}: {text}"),
            loose=entry.name == "handle",
        ),
        output_type=DuctileResult,
        summary=options.summary,
        description=description,
        options=options,
        events=events,
    )


def _missing(manifest: Manifest, name: str, settings: PluginSettings) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"plugins.{name}.config.{key}", f"missing; {manifest.name} requires it")
        for key in manifest.required_keys()
        if key not in settings.config and key not in settings.secrets
    )


def _twice(name: str, settings: PluginSettings) -> Iterator[tuple[str, str]]:
    for key in settings.secrets:
        if key in settings.config:
            yield f"plugins.{name}.secrets.{key}", "stands in `config` too; the plugin gets both as one object"


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
