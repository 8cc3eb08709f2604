"""The `on` of a route: which events it takes, by name and by glob."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from typing import Final

from msgspec import Struct

from hookyard.inbound.problem import Found

_WILD: Final = re.compile(r"[*?\[]")
_OPEN: Final = re.compile(r"\[(?!!?+\]?+[^\]]*\])")


class Events(Struct, frozen=True):
    """The events of a route. Names are a look-up in a set; globs are compiled once, into one expression."""

    names: frozenset[str]
    globs: re.Pattern[str] | None = None
    """None: there are none, or `*` is among them."""
    any: bool = False

    def take(self, event: str) -> bool:
        """Whether the event is among them; letters are told apart by case."""
        return self.any or event in self.names or (self.globs is not None and self.globs.match(event) is not None)

    def among(self, known: Iterable[str]) -> frozenset[str]:
        """Those of these names that are taken."""
        return frozenset(event for event in known if self.take(event))


def compile_events(on: str | Sequence[str], where: str, problems: list[Found]) -> Events:
    """Compile an `on`: in a glob `*` is any text, `?` one character, `[ab]` one of these and `[!ab]` none of these.

    Args:
        on: one event or several.
        where: its key path, under which problems are added.
        problems: where to report.

    """
    events = (on,) if isinstance(on, str) else on
    if not events or not all(events):
        problems.append((where, "an event has no name; write '*' for any"))
    globs = [event for event in events if _WILD.search(event)]
    problems.extend((where, f"{glob!r} has a [ without its ]") for glob in globs if _OPEN.search(glob))
    everything = "*" in globs
    return Events(
        names=frozenset(events).difference(globs),
        globs=re.compile("|".join(map(translate, globs))) if globs and not everything else None,
        any=everything,
    )
