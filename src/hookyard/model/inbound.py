"""What a sender sent that a job came of."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

EVENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,127}")
"""The name of an event."""
DELIVERY: Final = re.compile(r"[!-~]{1,255}")
"""A sender's id of a delivery."""


class Inbound(Struct, frozen=True, kw_only=True):
    """A verified event of a source, as far as it is kept: what a replay makes the job of anew.

    It does not show its body when it is printed.
    """

    source: str
    event: str
    delivery: str
    """The sender's id of the delivery, or the SHA-256 of the body in hex."""
    headers: Mapping[str, str] | None = None
    """By lower-case name, but for credentials; kept only where a route looks at headers."""
    body: bytes | None = None
    """The JSON that the routes saw; None when the job's `args` are just that."""

    def __repr__(self) -> str:
        return f"Inbound(source={self.source!r}, event={self.event!r}, delivery={self.delivery!r})"
