"""A request at `/hooks/<source>` as it came: bytes that nobody has believed yet."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from msgspec import Struct


class InboundRequest(Struct, frozen=True, kw_only=True):
    """What a sender sent. It does not show what it carries when it is printed."""

    headers: Mapping[bytes, bytes]
    """By lower-case name; one that came several times is joined with `, `."""
    body: bytes = b""
    """The raw bytes."""
    now: int
    """Milliseconds UTC, of its coming."""
    repeated: frozenset[bytes] = frozenset()
    """The names of the headers that came several times: nothing that is signed, or says what is, may be among them."""
    method: str = "POST"
    query: bytes = b""
    """The query of the URL as it came, without the `?`."""
    url: str = ""
    """Where the sender reaches the source, without query: the configuration's word, never the request's."""

    def __repr__(self) -> str:
        return f"InboundRequest({self.method}, {len(self.headers)} headers, body of {len(self.body)} bytes)"

    def parameters(self, name: str) -> list[bytes]:
        """Every value that the query has for a name, decoded; a part without `=` has none."""
        wanted = name.encode()
        found: list[bytes] = []
        for part in self.query.split(b"&"):
            key, is_there, value = part.partition(b"=")
            if is_there and unquote_to_bytes(key.replace(b"+", b" ")) == wanted:
                found.append(unquote_to_bytes(value.replace(b"+", b" ")))
        return found
