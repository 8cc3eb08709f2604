"""What a Python plugin is, as a process of its own describes it that has imported it."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hookyard.command import CommandSpec
from hookyard.config.model import OutboundSettings, PluginSettings
from hookyard.context.events import EventSpec
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import Elsewhere, ForeignPlugin
from hookyard.host.foreign.worker.interview import ask_once
from hookyard.host.foreign.worker.launch import launch_of
from hookyard.host.foreign.worker.messages import CommandManifest, Manifest
from hookyard.process.spec import ProcessSpec
from hookyard.schema.compile import compile_type


def describe(
    candidate: Candidate, settings: PluginSettings, base: Path, *, outbound: OutboundSettings
) -> ForeignPlugin:
    """Have a process of the plugin's own import it, and say what it is. Blocking.

    Args:
        candidate, settings, base, outbound: see :func:`hookyard.host.foreign.worker.launch.launch_of`.

    Raises:
        PluginLoadError: it could not be started or imported, or cannot run in a worker; the message says why.
    """
    launch = launch_of(candidate, settings, base, outbound=outbound)
    _check_interpreter(launch.spec, settings.python)
    manifest = ask_once(launch.spec, replace(launch.hello, describe=True))
    if manifest.hooks:
        hooks = ", ".join(sorted(manifest.hooks))
        msg = f"it has hooks ({hooks}), which run in the server's own process only; take `isolation: worker` away"
        raise PluginLoadError(msg)
    called = manifest.name
    events = {kind: _event(called, kind, schema) for kind, schema in manifest.events.items()}
    commands = {each.name: _command(called, each, events) for each in manifest.commands}
    return ForeignPlugin(
        name=called,
        version=manifest.version,
        api=manifest.api,
        commands=commands,
        launch=launch,
        config_type=_config_type(called, manifest),
        events=events,
        secrets=manifest.secrets,
    )


def _check_interpreter(spec: ProcessSpec, configured: str | None) -> None:
    python = spec.argv[0]
    if not os.access(python, os.X_OK) or Path(python).is_dir():
        key = "" if configured is None else f" (`python: {configured}`)"
        msg = f"there is no interpreter {python}{key} that can be executed"
        raise PluginLoadError(msg)


def _event(plugin: str, kind: str, schema: bytes) -> EventSpec:
    data = _compiled(schema, plugin, f"event-{kind.replace('.', '-')}")
    if not (isinstance(data, type) and issubclass(data, Struct)):
        msg = f"{plugin}: the schema of the event {kind!r} is not an object's"
        raise PluginLoadError(msg)
    return EventSpec(kind, data)


def _command(plugin: str, manifest: CommandManifest, events: Mapping[str, EventSpec]) -> CommandSpec:
    place = f"{plugin}/{manifest.name}"
    taken = _compiled(manifest.input, place, "input")
    if not (isinstance(taken, type) and issubclass(taken, Struct)):
        msg = f"{place}: the schema of its input is not an object's"
        raise PluginLoadError(msg)
    return CommandSpec(
        plugin=plugin,
        name=manifest.name,
        function=Elsewhere(place),
        is_async=manifest.is_async,
        input_type=taken,
        output_type=_compiled(manifest.output, place, "output"),
        summary=manifest.options.summary,
        description=manifest.description,
        options=replace(manifest.options, isolation="worker"),
        events=events,
    )


def _config_type(plugin: str, manifest: Manifest) -> type[Any]:
    if manifest.config is None:
        return NoneType
    found: type[Any] = _compiled(manifest.config, plugin, "config")
    return found


def _compiled(schema: bytes, place: str, what: str) -> Any:  # noqa: ANN401  any type form
    try:
        return compile_type(msgspec.json.decode(schema, type=dict[str, object]), _type_name(place, what))
    except Exception as error:
        msg = f"{place}: its {what} cannot be checked outside its own process: {error}"
        raise PluginLoadError(msg) from error


def _type_name(place: str, what: str) -> str:
    words = place.replace("/", "-").replace("_", "-").split("-")
    return "".join(word.capitalize() for word in [*words, what])
