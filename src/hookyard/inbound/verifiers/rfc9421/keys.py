"""Keys of HTTP Message Signatures. The algorithm follows from the key, never from the message.

Source: RFC 9421, section 3.3.
"""

import hmac
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from msgspec import Struct

from hookyard.inbound.template.encoding import decode_base64
from hookyard.inbound.verifiers.parts import text
from hookyard.webhook_secret import SecretError

Algorithm = Literal["hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"]
BASE64: Final = "base64:"
_SHORTEST: Final = 16
_RSA_BITS: Final = 2048
_HALF: Final = 32
"""Bytes of each of the two numbers of an ECDSA signature over P-256."""
_PSS: Final = padding.PSS(mgf=padding.MGF1(SHA512()), salt_length=64)


class Verifying(Struct, frozen=True):
    """A key to verify with. It does not show when it is printed."""

    algorithm: Algorithm
    key: bytes | ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

    def __repr__(self) -> str:
        return f"Verifying({self.algorithm})"

    def signed(self, signature: bytes, base: bytes) -> bool:
        """Whether this key made the signature."""
        key = self.key
        if isinstance(key, bytes):
            return hmac.compare_digest(hmac.digest(key, base, "sha256"), signature)
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, base)
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, base, _PSS, SHA512())
            else:
                if len(signature) != 2 * _HALF:
                    return False
                halves = (int.from_bytes(part) for part in (signature[:_HALF], signature[_HALF:]))
                key.verify(encode_dss_signature(*halves), base, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def load(secret: str) -> Verifying:
    """The key of a public key in PEM, or of a shared secret: its text, or `base64:` and its bytes.

    Raises:
        SecretError: it cannot be one.
    """
    if "-----BEGIN" not in secret:
        return Verifying("hmac-sha256", _shared(secret))
    if "PRIVATE KEY" in secret:
        msg = "must be a public key, and is a private one, which only the sender may have"
        raise SecretError(msg)
    try:
        key = load_pem_public_key(secret.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Verifying("ed25519", key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return Verifying("ecdsa-p256-sha256", key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return Verifying("rsa-pss-sha512", key)
    msg = f"must be a public key in PEM: Ed25519, P-256, or RSA of at least {_RSA_BITS} bits"
    raise SecretError(msg)


def sign(secret: str, base: bytes) -> bytes:
    """Sign with a private key in PEM or a shared secret.

    Raises:
        SecretError: it is neither.
    """
    if "-----BEGIN" not in secret:
        return hmac.digest(_shared(secret), base, "sha256")
    try:
        key = load_pem_private_key(secret.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(base)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(base, _PSS, SHA512())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = decode_dss_signature(key.sign(base, ec.ECDSA(SHA256())))
        return b"".join(number.to_bytes(_HALF) for number in numbers)
    msg = "must be a private key in PEM: Ed25519, P-256 or RSA"
    raise SecretError(msg)


def _shared(secret: str) -> bytes:
    if secret.startswith(BASE64):
        key = decode_base64(secret.removeprefix(BASE64).encode())
        if key is None:
            msg = f"is not base64 after {BASE64}"
            raise SecretError(msg)
    else:
        key = text(secret)
    if len(key) < _SHORTEST:
        msg = f"must be of at least {_SHORTEST} bytes, and is of {len(key)}"
        raise SecretError(msg)
    return key
