"""Ed25519 key pairs of Standard Webhooks, `v1a`: `whsk_` signs, `whpk_` verifies.

Sources: the Standard Webhooks specification, "Asymmetric"; RFC 8032 for the keys, RFC 8037 for them as JWK, RFC 7638
for the thumbprint. `cryptography` is loaded when a key is first used.
"""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from binascii import Error as BinasciiError
from binascii import a2b_base64
from typing import Final

from msgspec import Struct

from hookyard.webhook_secret.shared import SecretError

PRIVATE: Final = "whsk_"
PUBLIC: Final = "whpk_"
SIZE: Final = 32
"""Bytes of a private key's seed and of a public key."""
_DER: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes in a SubjectPublicKeyInfo (RFC 8410)."""


class PublicKey(Struct, frozen=True):
    """The half of a pair that may be known to all."""

    raw: bytes
    """32 bytes."""

    @classmethod
    def of(cls, text: str) -> "PublicKey":
        """Read one: base64 of 32 bytes after `whpk_`.

        Raises:
            SecretError: it is none. The message does not quote it.
        """
        if text.startswith(PRIVATE):
            msg = f"is a private key, which stays with the sender: give the public one, which begins with {PUBLIC}"
            raise SecretError(msg)
        raw = _decoded(text.removeprefix(PUBLIC)) if text.startswith(PUBLIC) else None
        if raw is None or len(raw) != SIZE:
            msg = f"is not base64 of {SIZE} bytes after {PUBLIC}"
            raise SecretError(msg)
        return cls(raw)

    @property
    def text(self) -> str:
        """As Standard Webhooks writes it: `whpk_` and base64."""
        return PUBLIC + b64encode(self.raw).decode()

    @property
    def kid(self) -> str:
        """Its thumbprint (RFC 7638): 43 characters of base64url."""
        document = f'{{"crv":"Ed25519","kty":"OKP","x":"{_base64url(self.raw)}"}}'
        return _base64url(hashlib.sha256(document.encode()).digest())

    @property
    def pem(self) -> str:
        """As most libraries read it."""
        return f"-----BEGIN PUBLIC KEY-----\n{b64encode(_DER + self.raw).decode()}\n-----END PUBLIC KEY-----\n"

    def jwk(self) -> dict[str, str]:
        """As JSON Web Key (RFC 8037), with its thumbprint as `kid`."""
        x = _base64url(self.raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def signed(self, signature: bytes, content: bytes) -> bool:
        """Whether the pair of this key made a signature."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True


class Seed(Struct, frozen=True):
    """The half of a pair that signs. It does not show when it is printed."""

    raw: bytes

    def __repr__(self) -> str:
        return "Seed()"

    @property
    def text(self) -> str:
        """`whsk_` and base64 of the 32 bytes of the seed."""
        return PRIVATE + b64encode(self.raw).decode()

    def public(self) -> PublicKey:
        """The other half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return PublicKey(Ed25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())


def seed_of(text: str) -> Seed:
    """Read a private key: after `whsk_` base64, padded or not, of 32 bytes, or of those and the public key's.

    Raises:
        SecretError: it is none, or its halves are of two pairs. The message does not quote it.
    """
    both = _decoded(text.removeprefix(PRIVATE)) if text.startswith(PRIVATE) else None
    if both is None or len(both) not in {SIZE, 2 * SIZE}:
        msg = f"is not base64 of {SIZE} bytes, or of {2 * SIZE}, after {PRIVATE}"
        raise SecretError(msg)
    seed = Seed(both[:SIZE])
    if len(both) > SIZE and seed.public().raw != both[SIZE:]:
        msg = f"is of two pairs: its last {SIZE} bytes are not the public key of its first"
        raise SecretError(msg)
    return seed


def _decoded(text: str) -> bytes | None:
    bare = text.rstrip("=")
    if len(text) - len(bare) not in {0, -len(bare) % 4}:
        return None
    try:
        raw = a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except (BinasciiError, ValueError):
        return None
    return raw if b64encode(raw).rstrip(b"=") == bare.encode() else None


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
