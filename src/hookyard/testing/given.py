"""The plugins that a test gives its host: loaded as a server loads them, and found nowhere but in the test's hand."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hookyard.config.model import Config, PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.discovery import at_path
from hookyard.host.foreign.describe import launch_of
from hookyard.host.load import load_given
from hookyard.host.registry import Kept, Registry
from hookyard.plugin import Plugin


class Given(Struct, frozen=True):
    """One plugin, and what the test says of it."""

    candidate: Candidate
    settings: PluginSettings
    kept: Kept | None
    """None of one that is yet to be read from its files."""


def given(plugin: Plugin[Any] | Path, settings: PluginSettings, config: Config) -> Given:
    """Take up a plugin.

    Args:
        plugin: the object, or the file or folder of one.
        settings: its section of a configuration.
        config: the whole of it, for what holds for every plugin.

    Raises:
        PluginLoadError: there is no plugin, or its workers could not be started.
    """
    if isinstance(plugin, Path):
        where = plugin.absolute()
        found = list(at_path(where)) if where.exists() else []
        if len(found) != 1:
            names = ", ".join(each.name for each in found)
            msg = f"{plugin} holds {len(found)} plugins ({names})" if found else f"there is no plugin at {plugin}"
            raise PluginLoadError(msg)
        return Given(found[0], settings, None)
    candidate = Candidate(plugin.name, origin="the test")
    isolations = {command.options.isolation for command in plugin.commands.values()}
    launch = launch_of(_importable(plugin), settings, Path.cwd(), config.outbound) if "worker" in isolations else None
    return Given(candidate, settings, Kept(candidate, settings, None, plugin, launch))


def registry_of(plugins: dict[str, Given], config: Config) -> Registry:
    """Load them all.

    Raises:
        PluginLoadError: one of them would not run.
    """
    registry = load_given(config, Path.cwd(), [(each.candidate, each.kept) for each in plugins.values()])
    for record in registry.plugins:
        if record.state != "active":
            msg = f"the plugin {record.name} is {record.state}: {record.reason}"
            raise PluginLoadError(msg)
    if registry.problems:
        raise PluginLoadError("; ".join(f"{path}: {what}" for path, what in registry.problems))
    return registry


def settled(plugins: dict[str, Given], registry: Registry) -> dict[str, Given]:
    """The same with what was loaded of them, so that it is not loaded again."""
    kept = registry.kept
    return {name: Given(each.candidate, each.settings, kept.get(name, each.kept)) for name, each in plugins.items()}


def plugin_of(function: Callable[..., object]) -> Plugin[Any] | None:
    """The plugin that a function is a command of, where the function's module knows it."""
    for value in list(_globals(function).values()):
        if isinstance(value, Plugin):
            plugin: Plugin[Any] = value  # pyright: ignore[reportUnknownVariableType]  of any configuration
            if any(spec.function is function for spec in plugin.commands.values()):
                return plugin
    return None


def with_config(settings: PluginSettings, config: object) -> PluginSettings:
    """The settings with the plugin's own configuration, from its Struct or a mapping, as a file would have it."""
    made: object = msgspec.to_builtins(config)
    if not isinstance(made, dict):
        msg = f"config is a {type(config).__name__}, and must be the plugin's Struct or a mapping"
        raise TypeError(msg)
    return replace(settings, config=made)


def _globals(function: object) -> dict[str, object]:
    found: dict[str, object] = getattr(function, "__globals__", {})
    return found


def _importable(plugin: Plugin[Any]) -> Candidate:
    """Where a worker finds the plugin that this process has imported.

    Raises:
        PluginLoadError: nowhere.
    """
    for spec in plugin.commands.values():
        names = _globals(spec.function)
        attribute = next((name for name, value in names.items() if value is plugin), None)
        module, file = names.get("__name__"), names.get("__file__")
        if attribute is None or not isinstance(module, str) or not isinstance(file, str):
            continue
        path = Path(file).absolute()
        origin = f"{path}:{attribute}"
        top = sys.modules.get(module.partition(".")[0])
        if not hasattr(top, "__path__") or getattr(top, "__file__", None) is None:  # no package of that name
            return Candidate(plugin.name, origin=origin, file=path, folder=path.parent, attribute=attribute)
        parts = module.count(".") + (path.stem == "__init__")
        folder = path.parents[parts]
        return Candidate(
            plugin.name, origin=origin, file=path, folder=folder, module=module, attribute=attribute, home=path.parent
        )
    msg = f"the plugin {plugin.name} has commands for workers, and its module has it in no variable to find it by"
    raise PluginLoadError(msg)
