"""Paths into a JSON body: `$.commits[0].author["display name"]`.

A small, deterministic part of JSONPath (RFC 9535): names and indexes, no wildcards, so that a path means one
value or none.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

STEP: Final = re.compile(r"""\.([^.\[\]"'\s]+)|\[(\d{1,6})\]|\[(?:"([^"]*)"|'([^']*)')\]""")
"""One step: a name, or an index, or a name in double or in single quotes."""

Steps = tuple[str | int, ...]


class Missing(LookupError):  # noqa: N818  an answer of the body, not a fault
    """The event has nothing at this path; `why` says more, where there is more to say."""

    def __init__(self, path: str, why: str = "") -> None:
        super().__init__(path)
        self.path = path
        self.why = why


def parse_path(text: str) -> Steps | None:
    """Read a path; None when it is none. `$` alone is the whole body."""
    if not text.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        found = STEP.match(text, at)
        if found is None:
            return None
        name, index, double, single = found.groups()
        steps.append(int(index) if index is not None else next(s for s in (name, double, single) if s is not None))
        at = found.end()
    return tuple(steps)


def look_up(body: object, steps: Steps, text: str) -> object:
    """Return the value at this path.

    Raises:
        Missing: there is none.

    """
    here = body
    for step in steps:
        if isinstance(step, str) and isinstance(here, dict):
            members = cast("Mapping[str, object]", here)
            if step not in members:
                raise Missing(text)
            here = members[step]
        elif isinstance(step, int) and isinstance(here, list):
            items = cast("Sequence[object]", here)
            if step >= len(items):
                raise Missing(text)
            here = items[step]
        else:
            raise Missing(text)
    return here
