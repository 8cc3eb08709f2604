"""A verified request, and what it is: what routes look at."""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from hookyard.inbound.decoding import decoded


class Received(Struct, kw_only=True):
    """A verified event of one source. It does not show what it carries when it is printed."""

    source: str
    event: str
    delivery: str
    """The sender's id of the delivery, or the SHA-256 of the body in hex."""
    digest: bytes
    """SHA-256 of the raw body, by which a delivery that comes again is known to be the same."""
    body: bytes
    """JSON in UTF-8: the raw body, or what a form makes of it."""
    headers: Mapping[str, str] = {}
    """By lower-case name, without credentials and signatures; filled only where a route looks at headers."""
    ping: bool = False
    """Whether it only asks if anybody is there."""
    _tree: object | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"Received(source={self.source!r}, event={self.event!r}, delivery={self.delivery!r})"

    @property
    def tree(self) -> object:
        """The body, decoded: once, however many routes look at it.

        Raises:
            Refused: it is no JSON (`invalid_json`).
        """
        if self._tree is UNSET:
            self._tree = decoded(self.body)
        return self._tree
