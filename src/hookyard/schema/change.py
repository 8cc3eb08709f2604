"""One difference between two versions of what a command takes or gives, or of what an event says."""

from typing import Literal

from msgspec import Struct

Side = Literal["input", "output"]
"""Of a command."""


class Change(Struct, frozen=True, order=True):
    """A difference, where it is and what it means."""

    name: str
    """`plugin/command`; of an event `plugin/type`."""
    side: Side | Literal["event"] | None
    """None when it concerns the command as a whole."""
    pointer: str
    """A JSON Pointer (RFC 6901) from the side's schema down, references followed: `/properties/items/items`; empty
    for the whole."""
    message: str
    """One sentence."""
    breaking: bool = True

    def __str__(self) -> str:
        """`plugin/command input /properties/name: message`, or `plugin/type event /properties/name: message`."""
        place = " ".join(part for part in (self.name, self.side or "", self.pointer) if part)
        return f"{place}: {self.message}"
