"""Filters of endpoints that hardly mean what they say: nearly a declared event, or a command that nobody has."""

import difflib
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from hookyard.config.kinds import one_of
from hookyard.model import HOUSE
from hookyard.outbound.events.catalogue import EVENT_TYPES

_ALIKE: Final = 0.8
_OURS: Final = tuple(each.type for each in EVENT_TYPES)
_OUR_COMMANDS: Final = tuple(dict.fromkeys(f"{HOUSE}/{each.group}" for each in EVENT_TYPES if each.emitted))


def doubt(pattern: str, declared: Collection[str]) -> str | None:
    """What speaks against a filter, as a clause; None when nothing does.

    It is no proof: commands may emit what their plugin does not declare.

    Args:
        pattern: a name, or a glob.
        declared: the types that plugins declare.
    """
    if any(fnmatchcase(name, pattern) for name in (*declared, *_OURS)):
        return None
    heads = {f"{head}.*" for head, dot, _ in (name.partition(".") for name in declared) if dot}
    near = difflib.get_close_matches(pattern, sorted({*declared, *heads}), n=3, cutoff=_ALIKE)
    return f"no plugin declares such an event; did you mean {one_of(near)}?" if near else None


def command_doubt(pattern: str, commands: Collection[str]) -> str | None:
    """The same of a filter by command, whose names are all known: one that finds none is told nothing.

    It is no proof either: a plugin may come later.

    Args:
        pattern: a name, or a glob, of `plugin/command`.
        commands: all that can be called.
    """
    known = (*commands, *_OUR_COMMANDS)
    if any(fnmatchcase(name, pattern) for name in known):
        return None
    globs = {f"{name.partition('/')[0]}/*" for name in known}
    near = difflib.get_close_matches(pattern, sorted({*known, *globs}), n=3, cutoff=_ALIKE)
    return f"matches no command; did you mean {one_of(near)}?" if near else "matches no command that there is"
