"""What the configuration says of one plugin, held against what the plugin is: key paths and messages."""

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Final

import msgspec

from hookyard.config.model import Config, PluginSettings
from hookyard.context.secrets import FAMILY, declares
from hookyard.errors import place_of
from hookyard.host.candidate import PluginKind
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.networks import network_problem
from hookyard.plugin import Plugin

AnyPlugin = Plugin[Any] | ForeignPlugin
Found = tuple[str, str]
"""A key path and what is wrong there."""

_WORKERS: Final = ("python", "workers", "recycle_jobs", "recycle_memory")
_PROCESSES: Final = ("env", "limits", "grace")
_NOT_EXTERNAL: Final = ("uses", "isolation", *_WORKERS, *_PROCESSES, "http")
_DEFAULTS: Final = PluginSettings()
_EVENTS: Final[Mapping[PluginKind, str]] = {
    "python": "a Python plugin declares its events itself: Plugin(..., events={...})",
    "exec": "an exec plugin's manifest declares its events, under `events`",
    "external": "external workers emit no events, so there are none to declare",
}
"""Why events of a plugin cannot be declared in the configuration, by its kind."""


def configured(name: str, config_type: type[Any], settings: PluginSettings) -> tuple[object, list[Found]]:
    """A plugin's configuration, decoded, and what its section has wrong."""
    at = f"plugins.{name}.config"
    if config_type is NoneType:
        return None, [(at, "the plugin takes no configuration")] if settings.config else []
    if config_type is dict:
        return dict(settings.config), []
    known = [field.encode_name for field in msgspec.structs.fields(config_type)]
    problems = [
        (f"{at}.{key}", f"unknown key; known are {', '.join(known)}") for key in settings.config if key not in known
    ]
    config: object = None
    try:
        config = msgspec.convert(settings.config, config_type)
    except msgspec.ValidationError as error:
        message, path = place_of(error)
        if not (problems and "unknown field" in message):
            problems.append((at + path[1:], message[:1].lower() + message[1:]))
    except Exception as error:  # noqa: BLE001  the Struct's own __post_init__ is the plugin's code
        problems.append((at, f"the plugin's own check failed with {type(error).__name__}: {error}"))
    return config, problems


def secrets(plugin: AnyPlugin, settings: PluginSettings, *, resolvable: bool) -> Iterator[Found]:
    """What is wrong with a plugin's secrets.

    Args:
        plugin: declares them.
        settings: has them.
        resolvable: some active plugin may know those that the configuration does not have.
    """
    at = f"plugins.{plugin.name}.secrets"
    for name in settings.secrets:
        if not declares(plugin.secrets, name):
            known = f"it declares {', '.join(plugin.secrets)}" if plugin.secrets else "it declares none"
            yield f"{at}.{name}", f"the plugin declares no secret of this name; {known}"
    for name in plugin.secrets:
        if name not in settings.secrets and not resolvable and not name.endswith(FAMILY):
            yield at, f"the plugin declares the secret {name!r}, and neither this section nor a plugin's hook has it"


def inapplicable(plugin: AnyPlugin, kind: PluginKind, settings: PluginSettings) -> Iterator[Found]:
    """Settings that mean nothing for this plugin, so that nobody believes they do."""
    at = f"plugins.{plugin.name}"
    where = {command.options.isolation for command in plugin.commands.values()}
    if settings.events and kind in _EVENTS:
        yield f"{at}.events", _EVENTS[kind]
    worker = kind == "python" and (isinstance(plugin, ForeignPlugin) or "worker" in where)
    if kind == "external":
        for key in _NOT_EXTERNAL:
            if getattr(settings, key) != getattr(_DEFAULTS, key):
                yield f"{at}.{key}", "its commands are run by external workers, and nothing of it runs here"
        return
    if kind != "python" and settings.isolation is not None:
        yield f"{at}.isolation", f"it is a plugin of kind {kind}, which runs in processes of its own as it is"
    for key in _WORKERS:
        if not worker and getattr(settings, key) != getattr(_DEFAULTS, key):
            yield f"{at}.{key}", "it is for plugins that run in workers (isolation: worker), and this one does not"
    for key in _PROCESSES:
        if kind == "python" and not worker and getattr(settings, key) != getattr(_DEFAULTS, key):
            yield f"{at}.{key}", "it is for plugins with processes of their own, and this one runs in the server's"
    if kind != "python" and settings.http != _DEFAULTS.http:
        yield f"{at}.http", "it is for ctx.http, which plugins of other programs do not have"
    yield from _networks(at, settings)


def unsafe(plugin: ForeignPlugin, config: Config) -> Iterator[Found]:
    """Lanes that would run more at once than the plugin can bear."""
    chosen = config.lanes.get(plugin.lane or "")
    if plugin.serial and chosen is not None and (chosen.limit or 1) > 1:
        yield f"lanes.{plugin.lane}.limit", "the plugin says that only one of its commands may run at once"


def _networks(at: str, settings: PluginSettings) -> Iterator[Found]:
    for index, text in enumerate(settings.http.allow_networks):
        if why := network_problem(text):
            yield f"{at}.http.allow_networks[{index}]", why
