"""What a sender is answered that asks, before or between its events, whether anybody is there: the contract.

Each handshake is a module of :mod:`hookyard.inbound.handshakes`.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key, Verifier


class Reply(Struct, frozen=True, kw_only=True):
    """What the sender is answered instead of a job."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    visit: str | None = None
    """A URL of the sender's, already judged by its form, that has to be asked (GET, through the egress guard) before
    the reply is given; when that fails the sender is answered 502 and may try again."""


class Terms(Struct, frozen=True, kw_only=True):
    """What of a source's configuration handshakes go by."""

    verify_token: str | None = None
    origins: tuple[str, ...] = ()
    rate: int | None = None
    """Requests a minute."""
    topics: tuple[str, ...] = ()


class Handshake(Protocol):
    """How one sender asks, and is answered."""

    @property
    def name(self) -> str:
        """What presets call it, and the log."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """Which of the terms it goes by."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """Terms of which one must be there, or it answers nobody; none: it answers without."""
        ...

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Answer a question that senders do not sign: by GET or OPTIONS, or a POST that is one by its query.

        Returns:
            The reply; None: it is no such question (then GET and OPTIONS are answered as if there were no handshake,
            and a POST is verified). A question that is one but not from whom it should be is None too.
        """
        ...

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Answer a question that was verified.

        Args:
            request: as it came.
            event: its event, by the scheme.
            body: its body, decoded; None when it has none.
            key: the key that signed it.
            terms: of the source.

        Returns:
            The reply; None: it is an event as any other.

        Raises:
            Refused: it is a question that must not be answered, such as one that names a place of somebody else's.
        """
        ...


@runtime_checkable
class Guarding(Protocol):
    """A handshake that has things signed which must not be taken for events."""

    def guard(self, verifier: Verifier) -> Verifier:
        """The verifier, so changed that it refuses what the handshake can be made to sign."""
        ...
