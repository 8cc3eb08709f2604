"""Python plugins in processes of their own: how such a process is started, and what it says of its plugin."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hookyard.command import CommandSpec
from hookyard.config.model import OutboundSettings, PluginSettings
from hookyard.egress.clients import ClientSettings
from hookyard.egress.rules import plugin_rules
from hookyard.errors import PluginFailed, PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.interview import ask_once
from hookyard.host.foreign.surroundings import process_spec
from hookyard.host.foreign.wire import PROTOCOL, CommandManifest, Hello, Manifest, Target
from hookyard.process.spec import ProcessSpec

Compile = Callable[[Mapping[str, object], str], Any]
"""From a JSON Schema and a name to a type; raises when it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkerLaunch:
    """How the processes of one load of one plugin are started. Two loads are never the same: their code may differ."""

    plugin: str
    spec: ProcessSpec
    hello: Hello
    workers: int
    """How many processes there may be at once."""
    recycle_jobs: int | None
    recycle_memory: int | None
    """Bytes."""


def launch_of(
    candidate: Candidate, settings: PluginSettings, base: Path, *, outbound: OutboundSettings | None = None
) -> WorkerLaunch:
    """How to start the workers of a Python plugin.

    Args:
        candidate: the plugin.
        settings: its section of the configuration.
        base: the folder that the configuration's paths are relative to.
        outbound: what holds for every outgoing call; `ctx.http` is made from it and the plugin's own section.
    """
    # Not resolved: a virtual environment's interpreter is a link, and is what it is by its place.
    python = Path(sys.executable) if settings.python is None else base.absolute() / settings.python
    home = candidate.home or candidate.folder or (candidate.file.parent if candidate.file else base.absolute())
    spec = process_spec(settings, python, "-P", "-m", "hookyard.worker", cwd=home)
    rules = plugin_rules(outbound or OutboundSettings(), settings.http)
    hello = Hello(
        protocol=PROTOCOL,
        target=_target(candidate),
        limits=spec.limits,
        describe=False,
        config=msgspec.msgpack.encode(settings.config),
        http=msgspec.msgpack.encode(ClientSettings(rules=rules, timeout=settings.http.timeout.seconds)),
    )
    return WorkerLaunch(
        plugin=candidate.name,
        spec=spec,
        hello=hello,
        workers=settings.workers,
        recycle_jobs=settings.recycle_jobs,
        recycle_memory=settings.recycle_memory,
    )


def describe(
    candidate: Candidate,
    settings: PluginSettings,
    base: Path,
    name: str | None = None,  # noqa: ARG001  the signature that all kinds of plugins share
    *,
    outbound: OutboundSettings | None = None,
    compiler: Compile | None = None,
) -> ForeignPlugin:
    """Have a process of the plugin's own import it, and say what it is. Blocking.

    Args:
        candidate, settings, base, outbound: see :func:`launch_of`.
        name: what the configuration calls it; who admits the plugin compares that with the plugin's own name.
        compiler: makes types of JSON Schemas; `hookyard.schema.compile` when left out.

    Raises:
        PluginLoadError: it could not be started or imported, or cannot run in a worker; the message says why.
    """
    if compiler is None:
        from hookyard.schema.compile import compile_type  # only a plugin that is not imported needs it

        compiler = compile_type
    launch = launch_of(candidate, settings, base, outbound=outbound)
    _check_interpreter(launch.spec, settings.python)
    manifest = ask_once(launch.spec, replace(launch.hello, describe=True))
    if manifest.hooks:
        hooks = ", ".join(sorted(manifest.hooks))
        msg = f"it has hooks ({hooks}), which run in the server's own process only; take `isolation: worker` away"
        raise PluginLoadError(msg)
    called = manifest.name
    commands = {each.name: _command(called, each, compiler) for each in manifest.commands}
    return ForeignPlugin(
        name=called,
        version=manifest.version,
        api=manifest.api,
        commands=commands,
        launch=launch,
        config_type=_config_type(called, manifest, compiler),
        secrets=manifest.secrets,
    )


def _check_interpreter(spec: ProcessSpec, configured: str | None) -> None:
    python = spec.argv[0]
    if not os.access(python, os.X_OK) or Path(python).is_dir():
        key = "" if configured is None else f" (`python: {configured}`)"
        msg = f"there is no interpreter {python}{key} that can be executed"
        raise PluginLoadError(msg)


def _target(candidate: Candidate) -> Target:
    def text(path: Path | None) -> str | None:
        return None if path is None else str(path)

    return Target(
        name=candidate.name,
        origin=candidate.origin,
        file=text(candidate.file),
        folder=text(candidate.folder),
        home=text(candidate.home),
        root=text(candidate.root),
        module=candidate.module,
        attribute=candidate.attribute,
    )


def _command(plugin: str, manifest: CommandManifest, compiler: Compile) -> CommandSpec:
    place = f"{plugin}/{manifest.name}"
    taken = _compiled(compiler, manifest.input, place, "input")
    if not (isinstance(taken, type) and issubclass(taken, Struct)):
        msg = f"{place}: the schema of its input is not an object's"
        raise PluginLoadError(msg)
    return CommandSpec(
        plugin=plugin,
        name=manifest.name,
        function=_elsewhere,
        is_async=manifest.is_async,
        input_type=taken,
        output_type=_compiled(compiler, manifest.output, place, "output"),
        summary=manifest.options.summary,
        description=manifest.description,
        options=replace(manifest.options, isolation="worker"),
    )


def _config_type(plugin: str, manifest: Manifest, compiler: Compile) -> type[Any]:
    if manifest.config is None:
        return NoneType
    found: type[Any] = _compiled(compiler, manifest.config, plugin, "config")
    return found


def _compiled(compiler: Compile, schema: bytes, place: str, what: str) -> Any:  # noqa: ANN401  any type form
    try:
        return compiler(msgspec.json.decode(schema, type=dict[str, object]), _type_name(place, what))
    except Exception as error:
        msg = f"{place}: its {what} cannot be checked outside its own process: {error}"
        raise PluginLoadError(msg) from error


def _type_name(place: str, what: str) -> str:
    words = place.replace("/", "-").replace("_", "-").split("-")
    return "".join(word.capitalize() for word in [*words, what])


def _elsewhere(_data: object, _ctx: object) -> Never:
    msg = "it runs in its own process only"
    raise PluginFailed("worker", msg)
