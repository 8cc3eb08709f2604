"""From a running configuration to the next one: what changes in place, what waits for a restart, what is refused."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import fields, replace

from hookyard.assembly import Assembly, assemble
from hookyard.config import Config, Loaded
from hookyard.errors import ConfigError
from hookyard.host.changes import broken_by
from hookyard.host.importing import forget
from hookyard.host.registry import Registry

Reread = Callable[[], Loaded]
"""Reads the configuration again, as the server was started with it."""

_WHOLE: Final = ("server", "store", "log", "outbound")
_PARTS: Final = (("jobs", "lease"), ("jobs", "drain"), ("artifacts", "path"))
"""What rooms are built from once: a listening socket, an open file, leases on disk, connections under way."""


def effective(running: Config, wanted: Config) -> tuple[Config, tuple[str, ...], tuple[str, ...]]:
    """What of a new configuration can hold without a restart.

    Returns:
        The configuration that holds after the reload, the sections that differ in it, and the settings that stay as
        they are until a restart.
    """
    waiting: list[str] = []
    made = wanted
    for section in _WHOLE:
        old, new = getattr(running, section), getattr(wanted, section)
        waiting += [f"{section}.{key}" for key in _names(new) if getattr(old, key) != getattr(new, key)]
        made = replace(made, **{section: old})
    for section, key in _PARTS:
        old, new = getattr(getattr(running, section), key), getattr(getattr(wanted, section), key)
        if old != new:
            waiting.append(f"{section}.{key}")
        made = replace(made, **{section: replace(getattr(made, section), **{key: old})})
    holds = tuple(name for name in _names(made) if getattr(running, name) != getattr(made, name))
    return made, holds, tuple(waiting)


def read_again(reread: Reread, running: Registry) -> tuple[Loaded, Assembly]:
    """Read and load everything again, and leave no trace when it cannot be used.

    Blocks: plugins are imported, and programs are asked what they are.

    Raises:
        ConfigError: it has problems, or a plugin that runs now could not be loaded again.
    """
    loaded = reread()
    assembly = assemble(loaded, running)
    problems = list(assembly.problems)
    told = {problem.path for problem in problems}
    for record in broken_by(running, assembly.registry):
        path = f"plugins.{record.name}"
        if not any(f"{one}.".startswith(f"{path}.") for one in told):
            reason = " ".join((record.reason or "").split())
            problems.append(loaded.problem(path, f"{record.origin} would be {record.state}: {reason}"))
    if problems:
        discard(running, assembly.registry)
        raise ConfigError(tuple(problems))
    return loaded, assembly


def discard(kept: Registry, dropped: Registry) -> None:
    """Forget the modules of what one registry has and the other does not."""
    plugins = {id(each.plugin) for each in kept.kept.values()}
    forget(each.plugin for each in dropped.kept.values() if id(each.plugin) not in plugins)


def _names(section: object) -> tuple[str, ...]:
    return tuple(field.name for field in fields(type(section)))  # type: ignore[arg-type]
