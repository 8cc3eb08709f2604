"""What an endpoint listens to, by the globs of its settings, and who listens to an event: looked up, not searched."""

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Final, Protocol

from hookyard.config.model import EndpointRules
from hookyard.outbound.message import QUIET

MOST_KEPT: Final = 65_536
"""Names and lists of names that are kept, over all events together: some megabytes."""


class Listening:
    """The globs of one endpoint, compiled; `fnmatch` itself forgets its patterns beyond 256."""

    __slots__ = ("_commands", "_events", "quiet")

    def __init__(self, rules: EndpointRules) -> None:
        self._events = _any_of(rules.events)
        self._commands = _any_of(rules.commands)
        self.quiet: Final = QUIET.intersection(rules.events)
        """Of what there is much of, that which it asks for by name."""

    def hears(self, event: str, command: str) -> bool:
        """Whether it wants an event of a command, `plugin/command`."""
        wanted = event in self.quiet if event in QUIET else self._events.match(event) is not None
        return wanted and self._commands.match(command) is not None


class Listener(Protocol):
    """An endpoint, as far as it matters who hears what."""

    @property
    def live(self) -> bool:
        """Whether it gets anything."""
        ...

    @property
    def tenant(self) -> str:
        """Whose events alone it hears; empty: everybody's."""
        ...

    @property
    def listening(self) -> Listening | None:
        """What it wants."""
        ...


class Audience:
    """Who listens to what, found once for each kind of event.

    Args:
        listeners: the endpoints by name, in the order in which they are told; read anew after :meth:`clear`.
    """

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self._listeners = listeners
        self._found: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
        self._kept = 0

    def of(self, event: str, plugin: str, command: str, tenant: str = "") -> tuple[str, ...]:
        """The names of the endpoints that hear an event of a tenant's."""
        key = (event, plugin, command, tenant)
        found = self._found.get(key)
        if found is None:
            found = self._find(event, f"{plugin}/{command}", tenant)
            if self._kept >= MOST_KEPT:  # a plugin may make up event types without end
                self.clear()
            self._kept += 1 + len(found)
            self._found[key] = found
        return found

    def clear(self) -> None:
        """Search anew: an endpoint is another now."""
        self._found.clear()
        self._kept = 0

    def _find(self, event: str, command: str, tenant: str) -> tuple[str, ...]:
        return tuple(
            name
            for name, one in self._listeners.items()
            if one.live
            and one.tenant in ("", tenant)
            and one.listening is not None
            and one.listening.hears(event, command)
        )


@lru_cache(maxsize=1024)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)) or r"(?!)")
