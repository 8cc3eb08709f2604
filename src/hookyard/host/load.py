"""The tolerant loader: every plugin found becomes active, or a listed state with its reason; nothing is fatal."""

import difflib
from importlib import invalidate_caches, metadata
from pathlib import Path
from typing import Any, Final

import msgspec

from hookyard.config.model import Config, PluginSettings
from hookyard.errors import PluginLoadError, place_of
from hookyard.host.admission import unmet, writable_by_all
from hookyard.host.candidate import Candidate
from hookyard.host.discovery import in_folder, installed
from hookyard.host.importing import import_plugin
from hookyard.host.registry import ActivePlugin, Command, PluginRecord, PluginState, Registry
from hookyard.plugin import API_VERSION, CommandSpec, Plugin, is_name

INLINE_LIMIT: Final = 256
THREAD_LIMIT: Final = 8
"""How many of a command may run at once, where neither it nor the configuration says."""


def load(config: Config, base: Path) -> Registry:
    """Find and load the plugins that the configuration asks for.

    Args:
        config: the configuration; `problems` of the result says what it has wrong about plugins.
        base: the folder that `plugin_dirs` are relative to.
    """
    invalidate_caches()  # a file may be younger than what Python remembers of its folder
    loading = _Loading(config, base.resolve())
    loading.folders()
    loading.entry_points()
    loading.missing()
    return loading.registry()


class _Loading:
    def __init__(self, config: Config, base: Path) -> None:
        self._config = config
        self._base = base
        self._hookyard = metadata.version("hookyard")
        self._seen: dict[str, Candidate] = {}
        self._records: list[PluginRecord] = []
        self._active: list[ActivePlugin] = []
        self._commands: dict[str, Command] = {}
        self._problems: list[tuple[str, str]] = []

    def folders(self) -> None:
        for index, name in enumerate(self._config.plugin_dirs):
            folder = (self._base / name).resolve()
            try:
                candidates = list(in_folder(folder, self._base))
            except OSError as error:
                self._problems.append((f"plugin_dirs[{index}]", f"{folder}: {(error.strerror or 'error').lower()}"))
                continue
            for candidate in candidates:
                self._take(candidate)

    def entry_points(self) -> None:
        for candidate in installed():
            first = self._seen.get(candidate.name)
            if first is not None and first.file is not None and first.file == candidate.file:
                continue  # a project in a plugin folder that is also installed, in place: one and the same
            if candidate.name in self._config.plugins:
                self._take(candidate)
            else:
                reason = "installed; it runs when the configuration names it under plugins"
                self._list(candidate, "available", reason)

    def missing(self) -> None:
        """Names in the configuration that nothing was found for."""
        for name in self._config.plugins:
            if name not in self._seen:
                close = difflib.get_close_matches(name, [record.name for record in self._records], n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                message = f"no plugin of this name is in plugin_dirs or installed{hint}"
                self._problems.append((f"plugins.{name}", message))
        active = {each.plugin.name for each in self._active}
        lanes = {command.lane for command in self._commands.values()}
        for lane in self._config.lanes:
            plugin = lane.partition("/")[0]
            # The lanes of a plugin that did not load are not known, and that it did not is said already.
            if lane not in lanes and (plugin in active or plugin not in self._seen):
                self._problems.append((f"lanes.{lane}", "no command has this lane"))

    def registry(self) -> Registry:
        return Registry(
            plugins=tuple(self._records),
            active=tuple(self._active),
            commands=self._commands,
            problems=tuple(self._problems),
        )

    def _take(self, candidate: Candidate) -> None:
        first = self._seen.setdefault(candidate.name, candidate)
        if first is not candidate:
            reason = f"the name is taken: {first.origin} came first, {candidate.origin} is left out"
            self._list(candidate, "failed", reason)
            return
        settings = self._config.plugins.get(candidate.name, PluginSettings())
        if not settings.enabled:
            self._list(candidate, "disabled", "the configuration says so")
            return
        refusal = self._refusal(candidate)
        if refusal is not None:
            self._list(candidate, *refusal)
            return
        try:
            plugin = import_plugin(candidate)
        except PluginLoadError as error:
            self._list(candidate, "failed", str(error))
            return
        self._admit(candidate, plugin, settings)

    def _refusal(self, candidate: Candidate) -> tuple[PluginState, str] | None:
        """Why not even to import it."""
        if candidate.problem is not None:
            return "failed", candidate.problem
        if not is_name(candidate.name):
            return "failed", f"{candidate.name!r} is no plugin name; that is a lower-case letter, then a-z 0-9 _ -"
        if (path := writable_by_all(candidate)) is not None:
            return "blocked", f"anyone on this machine may change {path}; take the write permission of others away"
        if (requirement := unmet(candidate.requires, self._hookyard)) is not None:
            return "incompatible", f"it requires {requirement}, and this is hookyard {self._hookyard}"
        return None

    def _admit(self, candidate: Candidate, plugin: Plugin[Any], settings: PluginSettings) -> None:
        version = plugin.version or candidate.version
        if plugin.api != API_VERSION:
            reason = f"it is written for plugin API {plugin.api}, and this Hookyard has {API_VERSION}"
            self._list(candidate, "incompatible", reason, version)
            return
        if plugin.name != candidate.name:
            reason = (
                f"it is Plugin({plugin.name!r}), and the configuration would know it as {candidate.name!r}; "
                "let both names agree"
            )
            self._list(candidate, "failed", reason, version)
            return
        config, problems = _configure(plugin, settings)
        if not problems:
            self._active.append(ActivePlugin(plugin, config))
            for spec in plugin.commands.values():
                self._commands[spec.key] = self._bind(spec, config)
            self._list(candidate, "active", None, version)
            return
        self._problems += problems
        reason = "its configuration is wrong: " + "; ".join(f"{path}: {message}" for path, message in problems)
        self._list(candidate, "failed", reason, version)

    def _bind(self, spec: CommandSpec, config: object) -> Command:
        options, lane = spec.options, spec.key
        limit = options.concurrency or (INLINE_LIMIT if options.isolation == "inline" else THREAD_LIMIT)
        chosen = self._config.lanes.get(lane)
        return Command(
            spec=spec,
            config=config,
            lane=lane,
            lane_limit=limit if chosen is None else chosen.limit,
            timeout=int(self._config.jobs.timeout)
            if options.timeout is None
            else max(1, round(options.timeout * 1000)),
            max_attempts=options.retry.attempts,
        )

    def _list(self, candidate: Candidate, state: PluginState, reason: str | None, version: str | None = None) -> None:
        self._records.append(
            PluginRecord(
                name=candidate.name,
                state=state,
                reason=reason,
                version=version or candidate.version,
                origin=candidate.origin,
            )
        )


def _configure(plugin: Plugin[Any], settings: PluginSettings) -> tuple[object, list[tuple[str, str]]]:
    """A plugin's configuration, and what its section has wrong: key paths and messages."""
    at = f"plugins.{plugin.name}.config"
    if plugin.config_type is type(None):
        return None, [(at, "the plugin takes no configuration")] if settings.config else []
    known = [field.encode_name for field in msgspec.structs.fields(plugin.config_type)]
    problems = [
        (f"{at}.{key}", f"unknown key; known are {', '.join(known)}") for key in settings.config if key not in known
    ]
    config: object = None
    try:
        config = msgspec.convert(settings.config, plugin.config_type)
    except msgspec.ValidationError as error:
        message, path = place_of(error)
        if not (problems and "unknown field" in message):
            problems.append((at + path[1:], message[:1].lower() + message[1:]))
    except Exception as error:  # noqa: BLE001  the Struct's own __post_init__ is the plugin's code
        problems.append((at, f"the plugin's own check failed with {type(error).__name__}: {error}"))
    return config, problems
