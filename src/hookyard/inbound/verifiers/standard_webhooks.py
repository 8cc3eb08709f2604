"""Standard Webhooks, by whatever name the sender calls the headers.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. Signed is
`{id}.{timestamp}.{body}`, the timestamp as it was written; `v1` is HMAC-SHA256 by a secret `whsec_...`, `v1a` Ed25519
by a key pair `whsk_...` and `whpk_...`. Stricter than the reference libraries: the timestamp is ASCII digits and
nothing else, the id has no dot that could shift what is signed, and entries of other versions or of no shape are
passed over.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from secrets import token_bytes, token_hex
from typing import Final

from msgspec.structs import replace

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import base64, header, who
from hookyard.webhook_secret import PREFIX, PRIVATE, PUBLIC, SecretError, secret_key, seed_of

TOLERANCE: Final = 300_000
"""Milliseconds by which the time of sending may be off, in both directions, as the specification suggests."""
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_ID: Final = re.compile(rb"[!-\-/-~]{1,255}")
"""Printable ASCII but a dot."""
_MOST: Final = 16
"""Entries that are looked at: a header with more is nobody's rotation."""
_KEY, _SIGNATURE = 32, 64
"""Bytes of an Ed25519 key and of its signature."""


class StandardWebhooks:
    """Verifies and signs.

    Args:
        prefix: what stands before `-id`, `-timestamp` and `-signature`.
        tolerance: milliseconds, in both directions.
    """

    def __init__(self, prefix: str = "webhook", tolerance: int = TOLERANCE) -> None:
        self.tolerance = tolerance
        self.id, self.timestamp, self.signature = (
            f"{prefix}-{name}".lower().encode() for name in ("id", "timestamp", "signature")
        )

    def load(self, secret: str) -> object:
        """The key of a secret `whsec_...`, or of a public key `whpk_...`; see :class:`Verifier`."""
        if secret.startswith(PRIVATE):
            msg = f"is a private key, which stays with the sender: give the public one, which begins with {PUBLIC}"
            raise SecretError(msg)
        return _public(secret) if secret.startswith(PUBLIC) else secret_key(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that made any of the signatures; see :class:`Verifier`."""
        delivery = header(request, self.id)
        timestamp = header(request, self.timestamp, otherwise="timestamp_missing")
        signatures = header(request, self.signature)
        if not _ID.fullmatch(delivery):
            raise BadSignature("malformed", self.id.decode())
        if not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature("timestamp_malformed", self.timestamp.decode())
        if abs(request.now - int(timestamp) * 1000) > self.tolerance:
            raise BadSignature("timestamp_range", self.timestamp.decode())
        given = list(_entries(signatures))
        if not given:
            raise BadSignature("malformed", self.signature.decode())
        content = b"%b.%b.%b" % (delivery, timestamp, request.body)
        return who(keys, [_signed(key.material, given, content) for key in keys])

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request signed with a secret `whsec_...` or a private key `whsk_...`; its id, if it has one, stays."""
        delivery = request.headers.get(self.id) or f"msg_{token_hex(12)}".encode()
        timestamp = b"%d" % (request.now // 1000)
        content = b"%b.%b.%b" % (delivery, timestamp, request.body)
        if secret.startswith(PRIVATE):
            signature = b"v1a," + b64encode(_private_sign(secret, content))
        else:
            signature = b"v1," + b64encode(hmac.digest(secret_key(secret), content, "sha256"))
        added = {self.id: delivery, self.timestamp: timestamp, self.signature: signature}
        return replace(request, headers={**request.headers, **added}, repeated=request.repeated - added.keys())

    def pair(self) -> Pair:
        """A random secret."""
        secret = PREFIX + b64encode(token_bytes(_KEY)).decode()
        return Pair(secret, secret)


def _entries(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The signatures of known versions that could be some."""
    for entry in text.split(b" ", _MOST)[:_MOST]:
        version, _, encoded = entry.partition(b",")
        size = {b"v1": _KEY, b"v1a": _SIGNATURE}.get(version)
        if size is not None and (decoded := base64(encoded, size)) is not None:
            yield version, decoded


def _signed(key: object, given: list[tuple[bytes, bytes]], content: bytes) -> bool:
    """Whether the key made any of the signatures; all of its version are tried."""
    if isinstance(key, bytes):
        expected = hmac.digest(key, content, "sha256")
        return any([hmac.compare_digest(expected, one) for version, one in given if version == b"v1"])  # noqa: C419  all
    return any([_ed25519(key, one, content) for version, one in given if version == b"v1a"])  # noqa: C419  all of them


def _ed25519(key: object, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _private_sign(secret: str, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # as above

    return Ed25519PrivateKey.from_private_bytes(seed_of(secret).raw).sign(content)


def _public(secret: str) -> object:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # as above

    raw = base64(secret.removeprefix(PUBLIC).encode(), _KEY)
    if raw is None:
        msg = f"is not base64 of 32 bytes after {PUBLIC}"
        raise SecretError(msg)
    return Ed25519PublicKey.from_public_bytes(raw)
