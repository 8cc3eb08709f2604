"""The one seam to an HTTP client: hand it a checked target, headers, a body and a channel, get back the answer."""

from collections.abc import Mapping
from typing import Final, Protocol

from msgspec import Struct

from hookyard.egress.guard import Target
from hookyard.errors import HookyardError

KEPT: Final = 4096
"""Bytes of an answer's body that are read and kept; the rest is never waited for."""


class Identity(Struct, frozen=True, kw_only=True):
    """Certificates of one endpoint's own, as PEM texts."""

    ca: str | None = None
    """Authorities that are trusted besides the usual ones."""
    cert: str | None = None
    """What is shown to the receiver, with those between it and its authority; needs `key`."""
    key: str | None = None

    def __repr__(self) -> str:
        """Nothing of them: one is a private key."""
        return "Identity(***)"


class Channel(Struct, frozen=True, kw_only=True):
    """How one receiver is talked to. Those with the same key share connections, and no others do."""

    key: str
    """The endpoint's name, or `@` and the origin of a callback URL."""
    timeout: float
    """Seconds for one attempt in all, connecting too."""
    connect_timeout: float
    """Seconds for connecting to one address, TLS too."""
    idle: int = 32
    """The most connections that are kept open while nothing is sent."""
    identity: Identity | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a receiver said."""

    status: int
    body: bytes = b""
    """At most its first 4096 bytes."""
    retry_after: str | None = None
    """The header of that name, as it came."""
    wish: str | None = None
    """The header `webhook-delivery`, as it came."""


class SendError(HookyardError):
    """No answer came. The message is one word a log can be searched for.

    `connect`, `connect_timeout`, `tls`, `timeout`, `connection` (lost, or no HTTP), `unusable_url`, `unusable_request`
    (a header that could be mistaken for something else).
    """


class Sender(Protocol):
    """Sends one POST."""

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        """POST to one of the target's addresses and return the answer.

        Raises:
            SendError: there is none.
        """
        ...

    async def forget(self, key: str) -> None:
        """Close the idle connections of a channel: its endpoint is another now, or gone."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections; requests under way fail."""
        ...
