"""How a public key is written: PEM, or for the small ones their bytes in hex or base64."""

from base64 import b64encode
from typing import Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from hookyard.inbound.template.encoding import decode_base64, decode_hex
from hookyard.inbound.template.key import KeyForm
from hookyard.inbound.verifier import Pair
from hookyard.webhook_secret import SecretError

_RSA_BITS: Final = 2048
_RAW: Final = 32
Kind = Literal["Ed25519", "P-256", "RSA"]


class PublicKeys:
    """Keys of one kind, written in one form.

    Args:
        mac: what they verify.
        form: `pem`, or `hex` or `base64` of the raw key (32 bytes of Ed25519, a point of P-256) or of its DER.
    """

    def __init__(self, mac: str, form: KeyForm) -> None:
        self._form = form
        self._kind: Kind = "Ed25519" if mac == "ed25519" else "P-256" if mac == "ecdsa-p256-sha256" else "RSA"

    def load(self, secret: str) -> object:
        """The public key.

        Raises:
            SecretError: it is empty, no key, one of another kind, a private one or a weak one.
        """
        if not secret.strip():
            msg = "is empty"
            raise SecretError(msg)
        if "PRIVATE KEY" in secret:
            msg = "must be a public key, and is a private one, which only the sender may have"
            raise SecretError(msg)
        try:
            key = load_pem_public_key(secret.encode()) if self._form == "pem" else self._plain(secret)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not _is(key, self._kind):
            how = "in PEM" if self._form == "pem" else f"in {self._form}"
            msg = f"must be a public key of {self._kind} {how}"
            raise SecretError(msg)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
            msg = f"must be a key of at least {_RSA_BITS} bits, and has {key.key_size}"
            raise SecretError(msg)
        return key

    def load_signing(self, secret: str) -> object:
        """The private key, as :meth:`pair` writes it."""
        if self._form == "pem":
            return load_pem_private_key(secret.encode(), None)
        data = self._bytes(secret)
        if self._kind == "Ed25519" and len(data) == _RAW:
            return ed25519.Ed25519PrivateKey.from_private_bytes(data)
        return load_der_private_key(data, None)

    def pair(self) -> Pair:
        """Make up a pair."""
        private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if self._kind == "Ed25519":
            private = ed25519.Ed25519PrivateKey.generate()
        elif self._kind == "P-256":
            private = ec.generate_private_key(ec.SECP256R1())
        else:
            private = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        public = private.public_key()
        if self._form == "pem":
            secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return Pair(secret.decode(), public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
        if isinstance(private, ed25519.Ed25519PrivateKey) and isinstance(public, ed25519.Ed25519PublicKey):
            return Pair(self._text(private.private_bytes_raw()), self._text(public.public_bytes_raw()))
        secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Pair(self._text(secret), self._text(spki))

    def _plain(self, secret: str) -> object:
        data = self._bytes(secret)
        if self._kind == "Ed25519" and len(data) == _RAW:
            return ed25519.Ed25519PublicKey.from_public_bytes(data)
        if self._kind == "P-256" and data[:1] in {b"\x02", b"\x03", b"\x04"}:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
        return load_der_public_key(data)

    def _bytes(self, secret: str) -> bytes:
        data = (decode_hex if self._form == "hex" else decode_base64)(secret.encode())
        if data is None:
            msg = f"is not {self._form}"
            raise SecretError(msg)
        return data

    def _text(self, data: bytes) -> str:
        return data.hex() if self._form == "hex" else b64encode(data).decode()


def _is(key: object, kind: Kind) -> bool:
    if kind == "P-256":
        return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, ed25519.Ed25519PublicKey if kind == "Ed25519" else rsa.RSAPublicKey)
