"""The keys that encrypt what must never be shown, where it is stored: the first of them encrypts, all of them decrypt.

The form is AES-256 in Galois/Counter Mode (NIST SP 800-38D), the `AEAD_AES_256_GCM` of RFC 5116, by `cryptography`::

    0x01 | id of the key, 6 bytes | nonce, 12 bytes | ciphertext and its tag of 16 bytes

The first byte is the number of this form; JSON begins with another one, so that what stands there says by itself
whether it is encrypted. The associated data are what stands before the nonce, and whose it is: in the place of another
it does not decrypt. Nonces are random. A key may have 2**32 of them (SP 800-38D, 8.3), one for each change of an
endpoint.

A key is `hyek_`, its id, `_`, and base64url of its 32 bytes. The id is the beginning of the SHA-256 of these: it may be
known, says which key is missing, and shows that a key was mistyped.
"""

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import Final, Protocol

from hookyard.errors import HookyardError

PREFIX: Final = "hyek_"
_FORM: Final = b"\x01"
_SIZE, _ID, _NONCE, _TAG = 32, 6, 12, 16
_HEAD: Final = len(_FORM) + _ID
_KEY: Final = re.compile(rf"{PREFIX}([0-9a-f]{{{2 * _ID}}})_([A-Za-z0-9_-]{{43}})")


class _Cipher(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


class LockedError(HookyardError):
    """What was encrypted cannot be read. The message is a sentence for people, and says under which key it is."""


class Keyring:
    """Keys, the first of which encrypts; with none, everything stays as it is.

    Args:
        keys: as they are written; one that is none is left out (see :func:`key_problems`).
        older: keys that only decrypt, besides.
    """

    __slots__ = ("_keys", "first")

    def __init__(self, keys: Iterable[str] = (), older: "Keyring | None" = None) -> None:
        self._keys = {_id(raw): _cipher(raw) for key in keys if (raw := _raw(key)) is not None}
        self.first: Final = next(iter(self._keys), None)
        """The id of the key that encrypts; None when there is none."""
        if older is not None:
            self._keys = {**older._keys, **self._keys}  # noqa: SLF001  one of the same class

    def __repr__(self) -> str:
        """The ids alone."""
        return f"Keyring({list(self._keys)})"

    @property
    def ids(self) -> Collection[str]:
        """Those of all keys, 12 hexadecimal digits each, in their order."""
        return self._keys.keys()

    def encrypt(self, plain: bytes, whose: bytes) -> bytes:
        """Encrypt something under the first key, so that it can be read as theirs only.

        Args:
            plain: what; it begins with another byte than 1.
            whose: what tells them from all others.
        """
        if self.first is None:
            return plain
        head, nonce = _FORM + bytes.fromhex(self.first), os.urandom(_NONCE)
        return head + nonce + self._keys[self.first].encrypt(nonce, plain, head + whose)

    def decrypt(self, stored: bytes, whose: bytes) -> bytes:
        """Read what :meth:`encrypt` made for the same; what is not encrypted is as it stands there.

        Raises:
            LockedError: its key is not here, or it was changed, or is not theirs.
        """
        kid = key_of(stored)
        if kid is None:
            return stored
        cipher = self._keys.get(kid)
        if cipher is None:
            msg = f"Its secrets are encrypted under the key {kid}, which is not among `encryption.keys`: put it back."
            raise LockedError(msg)
        from cryptography.exceptions import InvalidTag

        head, nonce, rest = stored[:_HEAD], stored[_HEAD : _HEAD + _NONCE], stored[_HEAD + _NONCE :]
        if len(rest) >= _TAG:
            try:
                return cipher.decrypt(nonce, rest, head + whose)
            except InvalidTag:
                pass
        msg = f"Its secrets cannot be decrypted under the key {kid}: they were changed, or are those of another."
        raise LockedError(msg)

    def outdated(self, stored: bytes) -> bool:
        """Whether something is to be written anew: it is not encrypted, or not under the first key, if there is one.

        Without keys that is what is still encrypted.
        """
        return key_of(stored) != self.first


def key_of(stored: bytes) -> str | None:
    """The id of the key that something is encrypted under; None when it is not encrypted."""
    return stored[len(_FORM) : _HEAD].hex() if stored.startswith(_FORM) else None


def new_key() -> str:
    """A random key, as it is written in the configuration."""
    raw = os.urandom(_SIZE)
    return f"{PREFIX}{_id(raw)}_{urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def id_of(key: str) -> str:
    """The id of a key, which may be known."""
    return key[len(PREFIX) :].partition("_")[0]


def key_problems(keys: Iterable[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with keys: the place of each, from 0, and why. No key is quoted."""
    seen = dict[bytes, int]()
    for at, key in enumerate(keys):
        raw = _raw(key)
        if raw is None:
            yield at, f"it is no encryption key, which begins with {PREFIX}: `hookyard db key` makes one"
        elif id_of(key) != _id(raw):
            yield at, "it was mistyped, or is not whole: its id is that of another key"
        elif raw in seen:
            yield at, f"it is the same as encryption.keys[{seen[raw]}]"
        else:
            seen[raw] = at


def _raw(key: str) -> bytes | None:
    found = _KEY.fullmatch(key)
    return None if found is None else urlsafe_b64decode(found[2] + "=")


def _id(raw: bytes) -> str:
    return sha256(b"hookyard encryption key\n" + raw).digest()[:_ID].hex()


def _cipher(raw: bytes) -> _Cipher:
    # Imported here so that whoever has no keys does not pay for it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(raw)
