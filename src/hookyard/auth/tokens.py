"""Bearer tokens: long random texts of which only the SHA-256 digest is kept.

A token has 256 random bits, so a fast hash is enough: there is nothing to guess. The digest finds the entry
in a dictionary, and `hmac.compare_digest` decides; a caller who steers the look-up steers only a hash.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from secrets import token_bytes

from hookyard.auth.principal import Principal
from hookyard.config.model import TokenSettings

PREFIX = "hky_"
_MAX_LENGTH = 4096
_ABSENT = bytes(32)


def new_token() -> str:
    """Make a token: `hky_` and 32 random bytes in URL-safe base64. Show it once, keep its :func:`digest`."""
    return PREFIX + urlsafe_b64encode(token_bytes(32)).rstrip(b"=").decode("ascii")


def digest(token: str) -> str:
    """Return what the configuration keeps of a token: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


class Tokens:
    """The tokens of the configuration. With none, nobody gets in."""

    def __init__(self, settings: Sequence[TokenSettings]) -> None:
        self.use(settings)

    def use(self, settings: Sequence[TokenSettings]) -> None:
        """Know these tokens from now on, and no others."""
        self._known = {
            key: (key, Principal(f"token:{entry.name}", entry.scopes, entry.tenant))
            for entry in settings
            for key in [bytes.fromhex(entry.sha256)]
        }

    def authenticate(self, token: bytes) -> Principal | None:
        """Return the principal of this token, or None."""
        if len(token) > _MAX_LENGTH:
            return None
        key = sha256(token).digest()
        found = self._known.get(key)
        if found is None:
            hmac.compare_digest(_ABSENT, key)  # the same work whether or not there is an entry
            return None
        return found[1] if hmac.compare_digest(found[0], key) else None

    def bearer(self, authorization: bytes) -> Principal | None:
        """Return the principal of an `Authorization: Bearer ...` header (RFC 6750), or None."""
        if authorization[:7].lower() != b"bearer ":
            return None
        return self.authenticate(authorization[7:].strip(b" "))
