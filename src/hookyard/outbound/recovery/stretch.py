"""Which part of the past one call of a recovery is about."""

from typing import Final

from msgspec import Struct

MOST: Final = 500


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
