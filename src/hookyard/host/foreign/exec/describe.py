"""What an exec plugin is, from its manifest: of a file beside it, or printed by the plugin itself."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Final, NoReturn, cast

import msgspec

from hookyard.command import CommandOptions, CommandSpec, as_struct
from hookyard.config.model import PluginSettings
from hookyard.context.events import EventSpec
from hookyard.errors import PluginLoadError, SchemaError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import Elsewhere, ForeignPlugin
from hookyard.host.foreign.events import declared_events
from hookyard.host.foreign.exec.launch import ExecLaunch
from hookyard.host.foreign.exec.manifest import CommandEntry, Manifest, Report, read
from hookyard.host.foreign.manifest_file import placed, read_file, shown_as
from hookyard.host.foreign.surroundings import process_spec
from hookyard.model import Retry
from hookyard.plugin import API_VERSION
from hookyard.process.once import Exit, describe_once
from hookyard.schema.compile import compile_type

CONCURRENCY: Final = 16
"""How many processes of one command run at once, where neither it nor the configuration says."""
TIMEOUT: Final = 10.0
"""Seconds that `EXE describe` may take."""
LIMIT: Final = 1 << 20
"""Bytes that it may print."""
_TAIL: Final = 500


def describe(candidate: Candidate, settings: PluginSettings, base: Path, name: str | None = None) -> ForeignPlugin:
    """Read the plugin's manifest, or have the plugin print it. Blocking.

    Args:
        candidate: the plugin.
        settings: its section of the configuration.
        base: what messages show paths relative to.
        name: the plugin's name here, when it is not its own.

    Raises:
        PluginLoadError: the manifest is wrong, or there is none; every problem with its place.
    """
    folder = candidate.home or candidate.folder or base.absolute()
    if candidate.manifest is not None:
        shown = shown_as(candidate.manifest, base)
        value, lines = read_file(candidate.manifest, shown)
        del lines[""]  # a key that is missing from the whole has no line
    else:
        value, shown, lines = _from_program(candidate, settings, folder), f"{candidate.origin} describe", {}
    if (api := _api(value)) != API_VERSION and isinstance(api, int):
        # Another API may have other keys; that is the reason, not those.
        return ForeignPlugin(name=name or candidate.name, version=None, api=api, commands={}, launch=None)
    problems: list[str] = []

    def report(path: str, message: str) -> None:
        problems.append(placed(shown, lines, path, message))

    manifest = read(value, report)
    if manifest is None:
        raise PluginLoadError("\n".join(problems))
    if manifest.name != candidate.name:
        report(
            "name", f"it calls itself {manifest.name!r}, and its file or folder is {candidate.name!r}; let them agree"
        )
    program = _program(candidate, manifest, report)
    own = name or manifest.name
    events = declared_events(
        own, manifest.events, "events", lambda schema, kind, at: _compiled(schema, kind, at, report), report
    )
    commands = {
        entry.name: _command(own, index, entry, events, report) for index, entry in enumerate(manifest.commands)
    }
    config_type = _config_type(manifest, own, report)
    if problems or program is None:
        raise PluginLoadError("\n".join(problems))
    return ForeignPlugin(
        name=own,
        version=manifest.version,
        api=manifest.api,
        commands={key: spec for key, spec in commands.items() if spec is not None},
        launch=ExecLaunch(
            process=process_spec(settings, program, cwd=folder),
            secrets=manifest.secrets,
            state=manifest.state,
            scratch=frozenset(entry.name for entry in manifest.commands if entry.scratch),
        ),
        config_type=config_type,
        events=events,
        secrets=manifest.secrets,
    )


def _from_program(candidate: Candidate, settings: PluginSettings, folder: Path) -> object:
    what = f"{candidate.origin} describe"
    if candidate.file is None:
        _refuse(f"{candidate.origin}: there is nothing to execute")
    done = describe_once(process_spec(settings, candidate.file, "describe", cwd=folder), timeout=TIMEOUT, limit=LIMIT)
    if not done.started:
        _refuse(f"{what}: it cannot be executed: {done.error}")
    if done.timed_out:
        _refuse(f"{what}: it took longer than {TIMEOUT:g} s and was ended{_said(done)}")
    if done.stdout_cut:
        _refuse(f"{what}: it printed more than {LIMIT >> 20} MiB{_said(done)}")
    if done.returncode != 0:
        how = f"signal {done.signal} ended it" if done.signal else f"it exited with {done.returncode}"
        _refuse(f"{what}: {how}{_said(done)}")
    try:
        found: object = msgspec.json.decode(done.stdout)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        printed = done.stdout[:80].decode(errors="replace")
        _refuse(f"{what}: what it prints is not one JSON object ({error}): {printed!r}{_said(done)}", error)
    return found


def _said(done: Exit) -> str:
    tail = " ".join(done.stderr.decode(errors="replace").split())[-_TAIL:]
    return f"; stderr: {tail}" if tail else ""


def _api(value: object) -> object:
    api = cast("dict[str, object]", value).get("api", API_VERSION) if isinstance(value, dict) else API_VERSION
    return API_VERSION if isinstance(api, bool) else api


def _program(candidate: Candidate, manifest: Manifest, report: Report) -> Path | None:
    if candidate.file is not None:
        if manifest.run is not None:
            report("run", f"the plugin is {candidate.file.name} itself; only a folder's manifest names what to run")
        return candidate.file
    folder = candidate.home or candidate.folder
    if manifest.run is None or folder is None:
        report("run", "missing; it names the folder's executable")
        return None
    path = folder / manifest.run
    if not path.resolve().is_relative_to(folder.resolve()):
        report("run", f"{manifest.run} leads out of the plugin's folder")
    elif not path.is_file():
        report("run", f"there is no file {manifest.run} in the plugin's folder")
    elif not os.access(path, os.X_OK):
        report("run", f"{manifest.run} is not executable")
    return path


def _command(
    plugin: str, index: int, entry: CommandEntry, events: Mapping[str, EventSpec], report: Report
) -> CommandSpec | None:
    at = f"commands[{index}]"
    taken = _compiled(entry.input, f"{plugin}.{entry.name}.input", f"{at}.input", report)
    given = _compiled(entry.output, f"{plugin}.{entry.name}.output", f"{at}.output", report)
    if taken is None or given is None:
        return None
    if not _is_object(taken):
        report(f"{at}.input", "a command takes an object with named properties, or any object")
        return None
    retry = entry.retry
    if retry.cap < retry.base:
        report(f"{at}.retry.cap", "it is less than retry.base")
    return CommandSpec(
        plugin=plugin,
        name=entry.name,
        function=Elsewhere(f"{plugin}/{entry.name}"),
        is_async=True,
        input_type=taken,
        output_type=given,
        summary=entry.description.strip().partition("\n")[0],
        description=entry.description.strip(),
        options=CommandOptions(
            read_only=entry.read_only,
            timeout=entry.timeout,
            retry=Retry(
                attempts=retry.attempts, base=retry.base, factor=retry.factor, cap=retry.cap, jitter=retry.jitter
            ),
            concurrency=entry.concurrency or CONCURRENCY,
            isolation="exec",
            idempotent=entry.idempotent,
            priority=entry.priority,
            deprecated=entry.deprecated,
        ),
        events=events,
    )


def _config_type(manifest: Manifest, plugin: str, report: Report) -> type[Any]:
    if manifest.config is None:
        return NoneType
    found = _compiled(manifest.config, f"{plugin}.config", "config", report)
    if found is not None and not _is_object(found):
        report("config", "a configuration is an object with named properties, or any object")
    return cast("type[Any]", found)


def _is_object(kind: object) -> bool:
    struct = as_struct(kind)
    return struct is not None and not struct.__struct_config__.array_like


def _compiled(schema: dict[str, Any], name: str, at: str, report: Report) -> Any:  # noqa: ANN401  a type form
    try:
        return compile_type(schema, name)
    except SchemaError as error:
        report(f"{at}{error.path}", error.reason)
        return None


def _refuse(message: str, cause: Exception | None = None) -> NoReturn:
    raise PluginLoadError(message) from cause
