"""Signatures by key pairs, of which a source has the public half."""

from collections.abc import Sequence
from typing import Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from hookyard.inbound.verifier import Key

_LONGEST_DER: Final = 72
_SHORTEST_DER: Final = 8
_LONGEST_RSA: Final = 1024
_SHORTEST_RSA: Final = 128


class PublicKey:
    """Ed25519 (RFC 8032), ECDSA over P-256 with its signatures in DER, or RSA PKCS #1 v1.5."""

    def __init__(self, mac: str) -> None:
        self._mac = mac

    def fits(self, signature: bytes) -> bool:
        """Whether it can be such a signature, by its length."""
        if self._mac == "ed25519":
            return len(signature) == 64  # noqa: PLR2004  RFC 8032, 5.1.6
        if self._mac == "ecdsa-p256-sha256":
            return _SHORTEST_DER <= len(signature) <= _LONGEST_DER
        return _SHORTEST_RSA <= len(signature) <= _LONGEST_RSA

    def matching(self, keys: Sequence[Key], content: Sequence[bytes], given: Sequence[bytes]) -> Key | None:
        """Verify every signature with every key."""
        whole = b"".join(content)
        matched: Key | None = None
        for key in keys:
            for one in given:
                if self._verifies(key.material, one, whole) and matched is None:
                    matched = key
        return matched

    def _verifies(self, material: object, signature: bytes, content: bytes) -> bool:
        try:
            if isinstance(material, ed25519.Ed25519PublicKey):
                material.verify(signature, content)
            elif isinstance(material, ec.EllipticCurvePublicKey):
                material.verify(signature, content, ec.ECDSA(SHA256()))
            else:
                cast("rsa.RSAPublicKey", material).verify(signature, content, padding.PKCS1v15(), self._hash())
        except InvalidSignature:
            return False
        return True

    def sign(self, material: object, content: Sequence[bytes]) -> bytes:
        """Sign with the private half."""
        whole = b"".join(content)
        if isinstance(material, ed25519.Ed25519PrivateKey):
            return material.sign(whole)
        if isinstance(material, ec.EllipticCurvePrivateKey):
            return material.sign(whole, ec.ECDSA(SHA256()))
        return cast("rsa.RSAPrivateKey", material).sign(whole, padding.PKCS1v15(), self._hash())

    def _hash(self) -> SHA1 | SHA256:
        # SHA-1 is there for the senders who know nothing better.
        return SHA1() if self._mac == "rsa-sha1" else SHA256()  # noqa: S303
