"""Signature schemes as data: which header signs what, and how the signature is written.

What is verified are the bytes as they came, before anything reads them. Every secret is tried and compared in
constant time. A refused request learns nothing but that; which step failed is kept on the error for the log.
"""

import hmac
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from hashlib import new as new_hash
from typing import Final, Literal

from msgspec import Struct

from hookyard.config.model import HmacScheme
from hookyard.errors import Refused

_HEX: Final = re.compile(rb"[0-9a-fA-F]+")
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")

Step = Literal["missing", "malformed", "timestamp_missing", "timestamp_malformed", "timestamp_range", "mismatch"]
"""The step at which verification ended. For the log only."""


class BadSignature(Refused):
    """The request is not signed as its source demands.

    Args:
        step: where verification ended.
        why: what the plugin said that verified it, if one did and it said anything. For the log only, as the step.
    """

    def __init__(self, step: Step, why: str = "") -> None:
        super().__init__("invalid_signature")
        self.step = step
        self.why = why


class Scheme(Struct, frozen=True, kw_only=True):
    """How a sender signs, and where it puts the event and the delivery id. Header names are lower case."""

    header: bytes
    prefix: bytes = b""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    timestamp_header: bytes | None = None
    tolerance: int = 300_000
    """Milliseconds by which the timestamp may be off, in both directions."""
    event_header: bytes | None = None
    delivery_header: bytes | None = None
    ping: str | None = None
    """The event that only asks whether anybody is there."""
    form_field: str | None = None
    """The field that holds the JSON when the body is a form."""

    def verify(self, headers: Mapping[bytes, bytes], body: bytes, now: int, secrets: tuple[bytes, ...]) -> None:
        """Check the signature of a request.

        Args:
            headers: by lower-case name; a header that came twice is joined with a comma, and fits no form.
            body: the raw body.
            now: milliseconds UTC.
            secrets: any of which may have signed.

        Raises:
            BadSignature: it is not signed by any of them.

        """
        given = self._signature(headers.get(self.header))
        signed = body if self.timestamp_header is None else self._timestamp(headers, now) + b"." + body
        matched = False
        for secret in secrets:
            matched |= hmac.compare_digest(hmac.digest(secret, signed, self.algorithm), given)
        if not matched:
            raise BadSignature("mismatch")

    def _signature(self, text: bytes | None) -> bytes:
        """Decode the header strictly: this prefix, this length, this alphabet, and nothing else."""
        if text is None:
            raise BadSignature("missing")
        size = _DIGEST_SIZES[self.algorithm]
        encoded = text[len(self.prefix) :]
        if text.startswith(self.prefix):
            if self.encoding == "hex" and len(encoded) == 2 * size and _HEX.fullmatch(encoded):
                return bytes.fromhex(encoded.decode("ascii"))
            if self.encoding == "base64" and (decoded := _base64(encoded)) is not None and len(decoded) == size:
                return decoded
        raise BadSignature("malformed")

    def _timestamp(self, headers: Mapping[bytes, bytes], now: int) -> bytes:
        """Return the header's own text, because that, and not its value, is what was signed."""
        text = headers.get(self.timestamp_header or b"")
        if text is None:
            raise BadSignature("timestamp_missing")
        if not _TIMESTAMP.fullmatch(text):
            raise BadSignature("timestamp_malformed")
        if abs(now - int(text) * 1000) > self.tolerance:
            raise BadSignature("timestamp_range")
        return text


def _base64(text: bytes) -> bytes | None:
    """Decode canonical, padded base64; None for anything else."""
    try:
        decoded = a2b_base64(text, strict_mode=True)
    except Base64Error:
        return None
    return decoded if b2a_base64(decoded, newline=False) == text else None


_DIGEST_SIZES: Final = {
    # A digest's size, not its use: SHA-1 is there for the senders who know nothing better.
    name: new_hash(name, usedforsecurity=False).digest_size
    for name in ("sha1", "sha256", "sha512")
}

GITHUB: Final = Scheme(
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    # The SHA-1 header GitHub sends beside it is never looked at.
    header=b"x-hub-signature-256",
    prefix=b"sha256=",
    event_header=b"x-github-event",
    delivery_header=b"x-github-delivery",
    ping="ping",
    form_field="payload",
)


def scheme_of(settings: Literal["github"] | HmacScheme) -> Scheme:
    """Build the scheme that a source's configuration asks for."""
    if settings == "github":
        return GITHUB
    return Scheme(
        header=_lower(settings.header),
        prefix=settings.prefix.encode(),
        encoding=settings.encoding,
        algorithm=settings.algorithm,
        timestamp_header=_lower_or_none(settings.timestamp_header),
        tolerance=settings.tolerance,
        event_header=_lower_or_none(settings.event_header),
        delivery_header=_lower_or_none(settings.delivery_header),
    )


def _lower(name: str) -> bytes:
    return name.lower().encode()


def _lower_or_none(name: str | None) -> bytes | None:
    return None if name is None else _lower(name)
