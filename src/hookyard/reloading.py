"""From a running configuration to the next one: what changes in place, what waits for a restart, what is refused."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from msgspec.structs import fields, replace

from hookyard import log
from hookyard.assembly import Assembly, assemble
from hookyard.config import Config, Loaded
from hookyard.errors import ConfigError, Problem, Refused
from hookyard.host.changes import broken_by
from hookyard.host.importing import forget
from hookyard.host.registry import Registry
from hookyard.host.threads import apart

Reread = Callable[[], Loaded]
"""Reads the configuration again, as the server was started with it."""

TOLD: Final = 5.0
"""Seconds after which the log says what a reload waits for, and for which a reload waits for an earlier one."""
LONGEST: Final = 60.0
"""Seconds that one plugin may take to be imported by a reload."""

_log = log.get("reload")
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


@asynccontextmanager
async def one_at_a_time(lock: asyncio.Lock) -> AsyncGenerator[None]:
    """Wait for an earlier reload, but not for ever.

    Raises:
        Refused: it takes longer than :data:`TOLD`.
    """
    try:
        async with asyncio.timeout(TOLD):
            await lock.acquire()
    except TimeoutError:
        raise Refused("reloading", retry_after=int(TOLD)) from None
    try:
        yield
    finally:
        lock.release()


async def read_in_time(
    reread: Reread, running: Registry, *, told: float = TOLD, longest: float = LONGEST
) -> tuple[Loaded, Assembly]:
    """Do :func:`read_again` in a thread of its own, and give up when a plugin takes too long.

    A thread cannot be stopped: what it makes after that is forgotten.

    Args:
        reread, running: see there.
        told: seconds after which the log names the plugin that is waited for; again after twice as long each time.
        longest: seconds that one plugin may take.

    Raises:
        ConfigError: as there, or a plugin took too long.
    """
    step = _Step()
    reading = asyncio.create_task(apart("hookyard-reload", lambda: step.read(reread, running)))
    at, next_told = step.at, told
    try:
        while not reading.done():
            seconds = monotonic() - at.since
            if at is not step.at:
                at, next_told = step.at, told
            elif at.plugin and seconds >= longest:
                raise ConfigError((step.problem(at.plugin, longest),))
            elif seconds >= next_told:
                _log.warning("reload.slow", plugin=at.plugin or None, seconds=round(seconds, 1))
                next_told *= 2
            else:
                until = min(next_told, longest) if at.plugin else next_told
                await asyncio.wait({reading}, timeout=until - seconds)
        return await reading
    finally:
        if not reading.done():
            reading.cancel()
            step.give_up()


@dataclass(frozen=True, slots=True)
class _At:
    plugin: str
    """Which is being imported; empty before the first."""
    since: float


class _Step:
    """Where a reload's thread is."""

    def __init__(self) -> None:
        self.at = _At("", monotonic())
        self._loaded: Loaded | None = None
        self._lock = threading.Lock()
        self._over = False
        self._given_up = False

    def read(self, reread: Reread, running: Registry) -> tuple[Loaded, Assembly]:
        """What the thread does."""

        def remembered() -> Loaded:
            self._loaded = reread()
            return self._loaded

        found = read_again(remembered, running, self._began)
        with self._lock:
            self._over = not self._given_up
        if not self._over:
            discard(running, found[1].registry)
        return found

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._given_up = not self._over

    def problem(self, plugin: str, longest: float) -> Problem:
        """Say which plugin took too long."""
        path, message = f"plugins.{plugin}", f"it is still being imported after {longest:g} s; nothing was changed"
        if self._loaded is None:
            return Problem(file="", line=0, path=path, message=message)
        return self._loaded.problem(path, message)

    def _began(self, plugin: str) -> None:
        self.at = _At(plugin, monotonic())


def read_again(
    reread: Reread, running: Registry, began: Callable[[str], None] | None = None
) -> tuple[Loaded, Assembly]:
    """Read and load everything again, and leave no trace when it cannot be used.

    Blocks: plugins are imported, and programs are asked what they are; `began` is told of each before.

    Raises:
        ConfigError: it has problems, or a plugin that runs now could not be loaded again.
    """
    loaded = reread()
    assembly = assemble(loaded, running, began)
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
