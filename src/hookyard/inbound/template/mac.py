"""How a content is signed: with a shared secret, or not at all and the secret itself is what comes.

Everything that came is compared with every key in constant time, so that the time taken tells nothing about which
secret is in use.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Protocol, cast

from hookyard.inbound.verifier import Key

HASHES: Final = {"hmac-sha1": ("sha1", 20), "hmac-sha256": ("sha256", 32), "hmac-sha384": ("sha384", 48)}
HASHES["hmac-sha512"] = ("sha512", 64)
"""By the template's word: the name of the hash, and the bytes of a digest."""


class Mac(Protocol):
    """One way to sign."""

    def fits(self, signature: bytes) -> bool:
        """Whether it is as long as such a signature is."""
        ...

    def matching(self, keys: Sequence[Key], content: Sequence[bytes], given: Sequence[bytes]) -> Key | None:
        """The first of the keys that made one of the signatures over this content."""
        ...

    def sign(self, material: object, content: Sequence[bytes]) -> bytes:
        """The signature that a sender makes with its half of a key."""
        ...


class Hmac:
    """RFC 2104."""

    def __init__(self, mac: str) -> None:
        self._hash, self._size = HASHES[mac]

    def fits(self, signature: bytes) -> bool:
        """Whether it is as long as a digest."""
        return len(signature) == self._size

    def matching(self, keys: Sequence[Key], content: Sequence[bytes], given: Sequence[bytes]) -> Key | None:
        """Compare every signature with that of every key."""
        matched: Key | None = None
        for key in keys:
            expected = self.sign(key.material, content)
            for one in given:
                if hmac.compare_digest(expected, one) and matched is None:
                    matched = key
        return matched

    def sign(self, material: object, content: Sequence[bytes]) -> bytes:
        """The digest of the pieces, one after another."""
        key = cast("bytes", material)
        if len(content) == 1:
            return hmac.digest(key, content[0], self._hash)
        digest = hmac.new(key, digestmod=self._hash)
        for piece in content:
            digest.update(piece)
        return digest.digest()


class Token:
    """The secret itself: compared by its digest, which has one length and tells nothing about where they differ."""

    def fits(self, signature: bytes) -> bool:
        """Whether there is anything."""
        return bool(signature)

    def matching(
        self,
        keys: Sequence[Key],
        content: Sequence[bytes],  # noqa: ARG002  a secret signs nothing
        given: Sequence[bytes],
    ) -> Key | None:
        """Compare every text that came with every secret."""
        matched: Key | None = None
        digests = [sha256(one).digest() for one in given]
        for key in keys:
            expected = sha256(cast("bytes", key.material)).digest()
            for one in digests:
                if hmac.compare_digest(expected, one) and matched is None:
                    matched = key
        return matched

    def sign(self, material: object, content: Sequence[bytes]) -> bytes:  # noqa: ARG002  a secret signs nothing
        """The secret."""
        return cast("bytes", material)
