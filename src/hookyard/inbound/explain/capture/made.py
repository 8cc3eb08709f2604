"""What a capture amounts to, whatever it was written down as."""

import re
from typing import Final, Literal

from msgspec import Struct

from hookyard.errors import HookyardError
from hookyard.inbound.request import InboundRequest

TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What names of headers and methods are made of (RFC 9110, section 5.6.2)."""


class CaptureError(HookyardError):
    """A file is no capture of a request; the message continues "the capture cannot be used: "."""

    code = "invalid_request"


class Capture(Struct, frozen=True, kw_only=True):
    """One request, as it was written down. It does not show what it carries when it is printed."""

    kind: Literal["raw HTTP", "a curl command", "a HAR file"]
    method: str = "POST"
    target: str = ""
    """The URL or its path, with its query."""
    headers: tuple[tuple[str, bytes], ...] = ()
    """As they were written, in their order."""
    body: bytes = b""
    taken: int | None = None
    """Milliseconds UTC, where it says when the request was made."""
    notes: tuple[str, ...] = ()
    """What seems to have been lost or changed while it was written down, in a sentence each."""

    def __repr__(self) -> str:
        return f"Capture({self.method}, {len(self.headers)} headers, body of {len(self.body)} bytes)"

    def header(self, name: str) -> bytes | None:
        """The first value of a header, by its name in any case."""
        wanted = name.lower()
        return next((value for each, value in self.headers if each.lower() == wanted), None)

    def request(self, *, url: str, now: int) -> InboundRequest:
        """The request as a gateway hands it to those who verify.

        Args:
            url: where the sender reaches the source, by the configuration.
            now: milliseconds UTC.
        """
        joined: dict[bytes, bytes] = {}
        repeated: set[bytes] = set()
        for name, value in self.headers:
            key = name.lower().encode("latin-1", "replace")
            if key in joined:
                repeated.add(key)
                joined[key] += b", " + value
            else:
                joined[key] = value
        _, _, query = self.target.partition("#")[0].partition("?")
        return InboundRequest(
            headers=joined,
            body=self.body,
            now=now,
            repeated=frozenset(repeated),
            method=self.method,
            query=query.encode("utf-8", "surrogateescape"),
            url=url,
        )


def checked(name: str, value: bytes, where: str) -> tuple[str, bytes]:
    """A header, without the blanks around its value.

    Raises:
        CaptureError: it cannot be one.
    """
    if TOKEN.fullmatch(name) is None:
        raise CaptureError(f"{where}: {name[:40]!r} is not the name of a header")
    if b"\n" in value or b"\r" in value or b"\0" in value:
        raise CaptureError(f"{where}: the header {name} has a line end in its value")
    return name, value.strip(b" \t")
