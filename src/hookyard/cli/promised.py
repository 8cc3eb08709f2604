"""The commands and events of a configuration as a lock, and why what is missing is missing."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from msgspec import Struct

from hookyard.config import Loaded, load_file
from hookyard.errors import ConfigError, Problem
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.schema import Lock, lock_of, read_lock
from hookyard.schema.lock import NAME

_BROKEN: Final = frozenset({"blocked", "incompatible", "failed"})


class Promised(Struct, frozen=True):
    """What the plugins of a configuration take, give and emit today."""

    lock: Lock
    absent: Mapping[str, str]
    """Why a plugin that was found does not run, by name."""


def promised(config: Path) -> Promised:
    """Load a configuration's plugins, those that are not disabled, and take down their types.

    Raises:
        ConfigError: the configuration is wrong, or a plugin that it wants cannot be loaded.
    """
    loaded = load_file(config)
    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        registry = load(loaded.config, loaded.base)
    _refuse_broken(loaded, registry)
    versions = {plugin.name: plugin.version for plugin in registry.plugins if plugin.state == "active"}
    absent = {plugin.name: f"its plugin is {plugin.state}" for plugin in registry.plugins if plugin.state != "active"}
    specs = [command.spec for command in registry.commands.values()]
    return Promised(lock_of(specs, versions, registry.events), absent)


def lock_file(config: Path, given: Path | None) -> Path:
    """Where the lock of a configuration is, where nobody says otherwise: beside it."""
    return config.parent / NAME if given is None else given


def open_lock(path: Path) -> Lock:
    """Read a lock.

    Raises:
        ConfigError: there is none, or it cannot be read.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "error").lower()
        message = f"{reason}; `hookyard schema lock` writes it"
        raise ConfigError((Problem(str(path), 0, "", message),)) from error
    return read_lock(text, str(path))


def _refuse_broken(loaded: Loaded, registry: Registry) -> None:
    found = list(registry.problems)
    for plugin in registry.plugins:
        path = f"plugins.{plugin.name}"
        told = any(f"{one}.".startswith(f"{path}.") for one, _ in found)
        if plugin.state in _BROKEN and not told:
            reason = " ".join((plugin.reason or "").split())
            found.append((path, f"{plugin.origin} is {plugin.state}, so its types are not known: {reason}"))
    if found:
        raise ConfigError(tuple(loaded.problem(path, message) for path, message in found))
