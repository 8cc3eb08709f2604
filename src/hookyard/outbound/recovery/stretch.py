"""Which part of the past one call of a recovery is about."""

from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

MOST: Final = 500


class Only(Struct, frozen=True, kw_only=True):
    """Which deliveries of a stretch are meant, besides where they go: all, if nothing is said."""

    event: str | None = None
    """Only those of this event, or of those that this glob takes."""
    error: str | None = None
    """Only those with this word as their last error."""


class Chosen(Only, frozen=True, kw_only=True):
    """Which deliveries of a stretch are sent again."""

    waiting: bool = False
    """Also those that wait for their time, which are due at once."""


def takes(pattern: str | None, event: str) -> bool:
    """Whether an event is of a type, or of one that a glob takes; None takes all.

    As :func:`hookyard.store.rules.is_chosen` says it of deliveries.
    """
    return pattern is None or fnmatchcase(event, pattern)


class Stretch(Struct, frozen=True, kw_only=True):
    """What happened in `since <= time < until`, in milliseconds, and how much of it at once."""

    since: int
    until: int | None = None
    """None: without an end."""
    after: str | None = None
    """The `next` of the call before, where this one goes on."""
    limit: int = MOST
    """How many rows to look at; at least one, and at most :data:`MOST`."""
    dry_run: bool = False
    """Only count. The audit log has no entry of that."""

    @property
    def bounded(self) -> int:
        """The limit within its bounds."""
        return max(1, min(self.limit, MOST))
