"""Filters of endpoints that hardly mean what they say: nearly the name of an event that a plugin declares."""

import difflib
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from hookyard.config.kinds import one_of
from hookyard.outbound.events.catalogue import EVENT_TYPES

_ALIKE: Final = 0.8
_OURS: Final = tuple(each.type for each in EVENT_TYPES)


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
