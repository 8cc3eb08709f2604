"""What proves that a request comes from whom it should: the contract of everything that verifies."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from hookyard.errors import Refused
from hookyard.inbound.request import InboundRequest

Step = Literal[
    "unknown_source",
    "not_allowed",
    "masquerade",
    "missing",
    "repeated",
    "malformed",
    "timestamp_missing",
    "timestamp_malformed",
    "timestamp_range",
    "no_secret",
    "certificate",
    "content_digest",
    "coverage",
    "mismatch",
]
"""The step at which verification ended. For the log only.

===================  =================================================================================================
`unknown_source`     there is no such source
`not_allowed`        the address is in none of the source's networks, or the topic is none of those that may send
`masquerade`         a header gives another sender away, who uses this one's headers too
`missing`            what carries the signature is not there
`repeated`           a header that matters came several times
`malformed`          it is no signature of this kind: prefix, length or alphabet are wrong
`timestamp_missing`  there is no time of sending
`timestamp_malformed`  it is not written as it must be
`timestamp_range`    it is too old, or lies ahead
`no_secret`          every secret has expired, or none has the id that the signature names
`certificate`        the certificate could not be had, or is none of the sender's
`content_digest`     the body is not the one whose digest was signed
`coverage`           the signature does not cover what it must
`mismatch`           nobody signed this with any of the secrets
===================  =================================================================================================
"""


class BadSignature(Refused):
    """The request is not signed as its source demands. The caller learns that, and nothing else.

    Args:
        step: where verification ended.
        why: more of it, such as the name of a header. For the log only, as the step; never a digest or a secret.
    """

    def __init__(self, step: Step, why: str = "") -> None:
        super().__init__("invalid_signature")
        self.step: Step = step
        self.why = why


class Lasting(Struct, frozen=True, kw_only=True):
    """What may stop being good at some time."""

    until: int | None = None
    """Milliseconds UTC; None: never."""

    def good_at(self, now: int) -> bool:
        """Whether it is still good at a time."""
        return self.until is None or now < self.until


class Key(Lasting, frozen=True, kw_only=True):
    """One secret of a source, ready to verify with; the verifier is handed only those that are still good."""

    material: object
    """What the verifier's :meth:`Verifier.load` made of it."""
    number: int = 0
    """Its place among the source's secrets, from 0."""
    id: str | None = None
    """What signatures call it, where they do."""


class Pair(Struct, frozen=True):
    """A secret to try things out with."""

    signing: str
    """What :meth:`Verifier.sign` takes."""
    verifying: str
    """What :meth:`Verifier.load` takes; of shared secrets the same."""


class Verifier(Protocol):
    """Verifies, and for tests and `hookyard hooks send` signs, what one kind of sender sends."""

    def load(self, secret: str) -> object:
        """Make the key of a configured secret, once, at start.

        Raises:
            SecretError: it cannot be a secret of this scheme (`hookyard.webhook_secret`); the message continues "the
                secret ..." and does not quote it.
        """
        ...

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """Return the key that signed the request; of a scheme without keys a key without material.

        Everything is compared in constant time, with every key, so that the time does not tell which is in use.

        Raises:
            BadSignature: none of them did.
        """
        ...

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """Return the request as its sender would have sent it just then (`request.now`), with this secret."""
        ...

    def pair(self) -> Pair:
        """Make up a secret."""
        ...


@runtime_checkable
class Timed(Protocol):
    """A verifier of requests that may say when they were sent."""

    @property
    def tolerance(self) -> int | None:
        """Milliseconds by which that may be off, in both directions; None: they do not say it."""
        ...


@runtime_checkable
class Located(Protocol):
    """A verifier of requests whose URL may be signed."""

    @property
    def needs_url(self) -> bool:
        """Whether the source must say its URL, because it is signed."""
        ...


@runtime_checkable
class Fetching(Protocol):
    """A verifier that needs documents of its sender's, such as certificates. It fetches nothing itself."""

    def needs(self, request: InboundRequest) -> str | None:
        """The URL of a document without which the request cannot be verified; None when nothing is lacking.

        Raises:
            BadSignature: the request names a place that is not the sender's.
        """
        ...

    def take(self, url: str, document: bytes) -> None:
        """Keep a document.

        Raises:
            BadSignature: it is not what it should be.
        """
        ...
