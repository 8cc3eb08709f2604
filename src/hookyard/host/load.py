"""The tolerant loader: every plugin found becomes active, or a listed state with its reason; nothing is fatal."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import invalidate_caches, metadata
from pathlib import Path

from msgspec.structs import replace

from hookyard.command import CommandSpec, Isolation
from hookyard.config.model import Config, PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.hookspecs import PROJECT
from hookyard.host.admission import stated_api, unmet, writable_by_all
from hookyard.host.bind import bind
from hookyard.host.candidate import Candidate
from hookyard.host.chains import chain_problems
from hookyard.host.command_rules import command_problems, unknown_commands
from hookyard.host.configure import AnyPlugin, Found, configured, inapplicable, secrets, unsafe
from hookyard.host.digest import digest_of
from hookyard.host.discovery import in_folder, installed
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.describe import describe, launch_of
from hookyard.host.foreign.external.digest import files_digest
from hookyard.host.importing import import_plugin
from hookyard.host.lane_problems import wrong_of_lane, wrong_of_shared
from hookyard.host.lane_rules import rules_of_plugins
from hookyard.host.registry import ActivePlugin, Command, Kept, PluginRecord, PluginState, Registry
from hookyard.plugin import API_VERSION, is_name

_RESOLVES = "resolve_secret"
DECLARED = "the configuration"
"""Where a plugin comes from that has no file of its own."""


def load(
    config: Config, base: Path, before: Registry | None = None, began: Callable[[str], None] | None = None
) -> Registry:
    """Find and load the plugins that the configuration asks for.

    Args:
        config: the configuration; `problems` of the result says what it has wrong about plugins.
        base: the folder that `plugin_dirs` are relative to.
        before: what was loaded earlier: a plugin whose files and settings are the same is taken from there.
        began: called with the name of each plugin before it is imported or asked what it is.
    """
    invalidate_caches()  # a file may be younger than what Python remembers of its folder
    loading = _Loading(config, base.resolve(), {} if before is None else before.kept, began)
    loading.folders()
    loading.aliases()
    loading.declared()
    loading.entry_points()
    loading.settle()
    loading.chains()
    loading.missing()
    return loading.registry()


def load_alone(candidate: Candidate) -> tuple[PluginRecord, Kept | None, tuple[Found, ...]]:
    """Load one plugin without any configuration.

    Returns:
        What became of it, the plugin if it could be loaded, and what it needs of a configuration, which is not held
        against it.
    """
    invalidate_caches()
    loading = _Loading(Config(), (candidate.root or Path.cwd()).resolve(), {})
    loading.take(candidate)
    loading.settle()
    registry = loading.registry()
    (record,) = registry.plugins
    kept = registry.kept.get(candidate.name)
    if registry.problems:
        record = replace(record, state="active", reason=None)
    return record, kept, registry.problems


def load_given(config: Config, base: Path, given: Iterable[tuple[Candidate, Kept | None]]) -> Registry:
    """Load these plugins and look for no others.

    Args:
        config: the configuration.
        base: the folder that its paths are relative to.
        given: each plugin, with what was loaded of it already.
    """
    those = list(given)
    loading = _Loading(config, base.resolve(), {each.name: kept for each, kept in those if kept is not None})
    for candidate, _ in those:
        loading.take(candidate)
    loading.settle()
    return loading.registry()


@dataclass(frozen=True, slots=True)
class _Ready:
    """A plugin that is loaded and configured, and whose secrets are still to be looked at."""

    record: int
    kept: Kept
    config: object
    problems: list[Found]


class _Loading:
    def __init__(
        self, config: Config, base: Path, before: Mapping[str, Kept], began: Callable[[str], None] | None = None
    ) -> None:
        self._config = config
        self._base = base
        self._before = before
        self._began = began
        self._hookyard = metadata.version("hookyard")
        self._seen: dict[str, Candidate] = {}
        self._records: list[PluginRecord] = []
        self._ready: list[_Ready] = []
        self._kept: dict[str, Kept] = {}
        self._active: list[ActivePlugin] = []
        self._commands: dict[str, Command] = {}
        self._problems: list[Found] = []

    def folders(self) -> None:
        for index, name in enumerate(self._config.plugin_dirs):
            folder = (self._base / name).resolve()
            try:
                candidates = list(in_folder(folder, self._base))
            except OSError as error:
                self._problems.append((f"plugin_dirs[{index}]", f"{folder}: {(error.strerror or 'error').lower()}"))
                continue
            for candidate in candidates:
                self.take(candidate)

    def aliases(self) -> None:
        """The Ductile plugins that run under a second name."""
        for name, settings in self._config.plugins.items():
            used = self._seen.get(settings.uses or "")
            if settings.uses is None:
                continue
            if name in self._seen:
                taken = f"{self._seen[name].origin} has this name already; give the second one another"
                self._problems.append((f"plugins.{name}.uses", taken))
            elif used is None or used.kind != "ductile":
                what = "of this name" if used is None else f"of this name that is Ductile's; it is of kind {used.kind}"
                self._problems.append((f"plugins.{name}.uses", f"there is no plugin {what}"))
                self._seen[name] = used or Candidate(name, origin="")
            else:
                self.take(used, name)

    def declared(self) -> None:
        """The plugins that are made of their section of the configuration alone."""
        for name, settings in self._config.plugins.items():
            if not settings.commands:
                continue
            if name in self._seen:
                taken = f"{self._seen[name].origin} has this name, and commands of its own; give these another"
                self._problems.append((f"plugins.{name}.commands", taken))
            else:
                self.take(Candidate(name, origin=DECLARED, kind="external"))

    def entry_points(self) -> None:
        for candidate in installed():
            first = self._seen.get(candidate.name)
            if first is not None and first.file is not None and first.file == candidate.file:
                continue  # a project in a plugin folder that is also installed, in place: one and the same
            if first is not None and first.folder is not None:
                # Named in the configuration or not, that is the one in the folder, and nothing is wrong with it.
                self._list(candidate, "available", f"installed; {first.origin} has its name and runs in its place")
            elif candidate.name in self._config.plugins:
                self.take(candidate)
            else:
                reason = "installed; it runs when the configuration names it under plugins"
                self._list(candidate, "available", reason)

    def settle(self) -> None:
        """Look at the secrets, which a plugin loaded later may resolve, and let run what is right."""
        resolvable = any(_RESOLVES in ready.kept.plugin.hooks and not ready.problems for ready in self._ready)
        for ready in self._ready:
            kept, plugin = ready.kept, ready.kept.plugin
            problems = [*ready.problems, *secrets(plugin, kept.settings, resolvable=resolvable)]
            if problems:
                self._problems += problems
                reason = "its configuration is wrong: " + "; ".join(f"{path}: {what}" for path, what in problems)
                self._records[ready.record] = self._record(kept, "failed", reason)
                continue
            self._active.append(ActivePlugin(plugin, ready.config))
            lane = plugin.lane if isinstance(plugin, ForeignPlugin) else None
            for spec in plugin.commands.values():
                launch = None if spec.options.isolation in {"inline", "thread"} else kept.launch
                self._commands[spec.key] = bind(spec, ready.config, launch, self._settings_for(spec), lane)
            self._records[ready.record] = self._record(kept, "active", None)

    def _settings_for(self, spec: CommandSpec) -> Config:
        """The configuration as far as it can hold for a command."""
        settings = self._config.commands.get(spec.key)
        wrong = () if settings is None else tuple(command_problems(spec, settings))
        self._problems += wrong
        return replace(self._config, commands={}) if wrong else self._config

    def chains(self) -> None:
        """What commands are followed by, once all of them are known."""
        inactive = {record.name for record in self._records if record.state not in {"active", "available"}}
        self._problems += chain_problems(self._commands, self._config.commands, inactive)
        self._problems += unknown_commands(self._config, self._commands, inactive)

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
        for lane, settings in self._config.lanes.items():
            plugin = lane.partition("/")[0]
            of_plugin = lane not in lanes and lane == plugin
            # The lanes of a plugin that did not load are not known, and that it did not is said already.
            if lane not in lanes and (plugin not in self._seen or (plugin in active and not of_plugin)):
                what = "no plugin has this name" if of_plugin else "no command has this lane"
                self._problems.append((f"lanes.{lane}", what))
            self._problems += wrong_of_lane(lane, settings, is_plugin=of_plugin)
        self._problems += wrong_of_shared(self._config, self._commands.values())

    def registry(self) -> Registry:
        return Registry(
            plugins=tuple(self._records),
            active=tuple(self._active),
            commands=self._commands,
            problems=tuple(self._problems),
            kept=self._kept,
            plugin_lanes=rules_of_plugins(self._config, {command.lane for command in self._commands.values()}),
        )

    def take(self, candidate: Candidate, alias: str | None = None) -> None:
        """Load one plugin, under its own name or a second one."""
        name = alias or candidate.name
        first = self._seen.setdefault(name, candidate)
        if first is not candidate:
            reason = f"the name is taken: {first.origin} came first, {candidate.origin} is left out"
            self._list(candidate, "failed", reason)
            return
        settings = self._config.plugins.get(name, PluginSettings())
        if not settings.enabled:
            self._list(candidate, "disabled", "the configuration says so", name)
            return
        refusal = self._refusal(candidate, name)
        if refusal is not None:
            self._list(candidate, *refusal, name)
            return
        try:
            kept = self._load(candidate, settings, name)
        except PluginLoadError as error:
            self._list(candidate, "failed", str(error), name)
            return
        self._kept[name] = kept
        self._admit(kept, name)

    def _refusal(self, candidate: Candidate, name: str) -> tuple[PluginState, str] | None:
        """Why not even to import or run it."""
        if candidate.problem is not None:
            return candidate.state, candidate.problem
        if not is_name(name) and candidate.kind != "ductile":  # those have rules of their own
            return "failed", f"{name!r} is no plugin name; that is a lower-case letter, then a-z 0-9 _ -"
        if name == PROJECT:  # hooks are asked by their plugin's name
            return "failed", f"{name!r} is Hookyard's own provider of hooks; let it have another name"
        if (path := writable_by_all(candidate)) is not None:
            return "blocked", f"anyone on this machine may change {path}; take the write permission of others away"
        if (requirement := unmet(candidate.requires, self._hookyard)) is not None:
            return "incompatible", f"it requires {requirement}, and this is hookyard {self._hookyard}"
        return _other_api(stated_api(candidate))

    def _load(self, candidate: Candidate, settings: PluginSettings, name: str) -> Kept:
        """The plugin as it is now; what an earlier load made of the same files and settings is used again.

        Raises:
            PluginLoadError: there is none.
        """
        before = self._before.get(name)
        digest = files_digest(settings, self._base) if candidate.kind == "external" else digest_of(candidate)
        if settings.events and candidate.kind == "ductile":
            digest = f"{digest} {files_digest(settings, self._base)}"
        if before is not None and (before.candidate, before.digest) != (candidate, digest):
            before = None
        if before is not None and before.settings == settings:
            return before
        if self._began is not None:
            self._began(name)
        if candidate.kind != "python" or settings.isolation is not None:
            foreign = describe(candidate, settings, self._base, name, self._config.outbound)
            return Kept(candidate, settings, digest, foreign, foreign.launch)
        known = None if before is None or before.settings.isolation is not None else before.plugin
        plugin = import_plugin(candidate) if known is None else known
        isolations = {command.options.isolation for command in plugin.commands.values()}
        launch = launch_of(candidate, settings, self._base, self._config.outbound) if "worker" in isolations else None
        return Kept(candidate, settings, digest, plugin, launch)

    def _admit(self, kept: Kept, name: str) -> None:
        plugin = kept.plugin
        refusal = _other_api(plugin.api)
        if refusal is not None:
            self._records.append(self._record(kept, *refusal, name))
            return
        if plugin.name != name:
            reason = f"it is Plugin({plugin.name!r}), and the configuration would know it as {name!r}; "
            self._records.append(self._record(kept, "failed", reason + "let both names agree", name))
            return
        config, problems = configured(name, plugin.config_type, kept.settings)
        problems += inapplicable(plugin, kept.candidate.kind, kept.settings)
        if isinstance(plugin, ForeignPlugin):
            problems += [*plugin.problems, *unsafe(plugin, self._config)]
        self._ready.append(_Ready(len(self._records), kept, config, problems))
        self._records.append(self._record(kept, "active", None))

    def _record(self, kept: Kept, state: PluginState, reason: str | None, name: str | None = None) -> PluginRecord:
        plugin, candidate = kept.plugin, kept.candidate
        return PluginRecord(
            name=name or plugin.name,
            state=state,
            reason=reason,
            version=plugin.version or candidate.version,
            origin=candidate.origin,
            kind=candidate.kind,
            isolation=_isolation(plugin),
            notes=plugin.notes if isinstance(plugin, ForeignPlugin) else (),
        )

    def _list(self, candidate: Candidate, state: PluginState, reason: str | None, name: str | None = None) -> None:
        self._records.append(
            PluginRecord(
                name=name or candidate.name,
                state=state,
                reason=reason,
                version=candidate.version,
                origin=candidate.origin,
                kind=candidate.kind,
            )
        )


def _other_api(api: int | str | None) -> tuple[PluginState, str] | None:
    if api is None or api == API_VERSION:
        return None
    if isinstance(api, str):
        return "incompatible", f"it says `__hookyard_api__ = {api}`, and a whole number must stand there, such as 1"
    return "incompatible", f"it is written for plugin API {api}, and this Hookyard has {API_VERSION}"


def _isolation(plugin: AnyPlugin) -> Isolation | None:
    found: Iterator[Isolation] = (command.options.isolation for command in plugin.commands.values())
    chosen = set(found)
    return chosen.pop() if len(chosen) == 1 else None
