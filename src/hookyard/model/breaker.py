"""When a command that keeps failing is left alone for a while."""

from typing import Literal

from msgspec import Struct

BreakerState = Literal["closed", "open", "half_open"]
"""Everything starts; nothing starts; a few start, to see how they go."""


class Breaker(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After how many failures in a row nothing of a command's lane is started any more, and for how long.

    What counts are attempts that failed or timed out, of whichever of the command's jobs; one that succeeds begins the
    count anew. Jobs are still accepted, and wait.
    """

    failures: int = 5
    """So many in a row open it."""
    cooldown: float = 30.0
    """Seconds for which it stays open; then it is half open, and a few attempts show whether it closes."""
    probes: int = 1
    """So many attempts, at once, are let through half open; all must succeed to close it, and one that fails opens it
    again."""
