"""Bearer tokens: long random texts of which only the SHA-256 digest is kept.

A token has 256 random bits, so a fast hash is enough: there is nothing to guess. The digest finds the entry
in a dictionary, and `hmac.compare_digest` decides; a caller who steers the look-up steers only a hash.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from secrets import token_bytes
from typing import Final, Protocol

from hookyard.auth.principal import Principal
from hookyard.clock import Clock, SystemClock
from hookyard.config.model import TokenSettings
from hookyard.model import Token, TokenUse

PREFIX = "hky_"
_MAX_LENGTH = 4096
_ABSENT = bytes(32)
_NEVER: Final = (1 << 63) - 1


def new_token() -> str:
    """Make a token: `hky_` and 32 random bytes in URL-safe base64. Show it once, keep its :func:`digest`."""
    return PREFIX + urlsafe_b64encode(token_bytes(32)).rstrip(b"=").decode("ascii")


def digest(token: str) -> str:
    """Return what the configuration keeps of a token: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


def principal_name(name: str) -> str:
    """The principal that a token of this name speaks for."""
    return f"token:{name}"


class Scheme(Protocol):
    """Another kind of credential, for what is no token here."""

    def authenticate(self, token: bytes) -> Principal | None:
        """Return whose it is, or None. It is asked for every unknown credential, and must not wait for anything."""
        ...


class _Held:
    """A token that gets in."""

    __slots__ = ("expires_at", "key", "last", "principal", "token_id", "uses")

    def __init__(self, key: bytes, principal: Principal, token_id: str | None = None) -> None:
        self.key = key
        self.principal = principal
        self.expires_at = _NEVER if principal.expires_at is None else principal.expires_at
        self.token_id = token_id
        """None for one of the configuration, whose use is not counted."""
        self.uses = 0
        """Not yet written."""
        self.last = 0


class Tokens:
    """Every token that gets in, those of the configuration and those of the store, by digest. With none, nobody does.

    For one event loop. A revoked token is not in it; an expired one is refused by its time.

    Args:
        settings: the tokens of the configuration.
        clock: by which tokens expire; the machine's own if left out.
        others: asked in turn for a credential that is no token here.
    """

    def __init__(
        self, settings: Sequence[TokenSettings], clock: Clock | None = None, others: Sequence[Scheme] = ()
    ) -> None:
        self._now = (clock or SystemClock()).now
        self._others = tuple(others)
        self._stored: dict[bytes, _Held] = {}
        self._used: list[_Held] = []
        self.use(settings)

    def use(self, settings: Sequence[TokenSettings]) -> None:
        """Know these tokens of the configuration from now on, and no others of it."""
        self._configured = {
            key: _Held(key, Principal(principal_name(entry.name), entry.scopes, entry.tenant))
            for entry in settings
            for key in [bytes.fromhex(entry.sha256)]
        }
        self.configured_names = frozenset(entry.name for entry in settings)
        self._known = self._stored | self._configured

    def hold(self, tokens: Iterable[Token]) -> None:
        """Know these tokens of the store from now on, and no others of it."""
        self._stored = {}
        for token in tokens:
            self.put(token)
        self._known = self._stored | self._configured

    def put(self, token: Token) -> None:
        """Know this token of the store as it is now; one that was revoked or has expired loses access at once."""
        # A principal holds what its token said then: it is made anew.
        self._stored.pop(token.digest, None)
        if token.revoked_at is None and (token.expires_at is None or token.expires_at > self._now()):
            whose = Principal(principal_name(token.name), token.scopes, token.tenant, token.expires_at)
            held = _Held(token.digest, whose, token.id)
            self._stored[token.digest] = held
            if token.digest not in self._configured:
                self._known[token.digest] = held
        elif token.digest not in self._configured:
            self._known.pop(token.digest, None)

    def authenticate(self, token: bytes) -> Principal | None:
        """Return the principal of this token, or None."""
        if not token or len(token) > _MAX_LENGTH:
            return None
        key = sha256(token).digest()
        found = self._known.get(key)
        if found is None:
            hmac.compare_digest(_ABSENT, key)  # the same work whether or not there is an entry
            return self._elsewhere(token) if self._others else None
        if not hmac.compare_digest(found.key, key):
            return None
        if found.token_id is not None:
            now = self._now()
            if now >= found.expires_at:
                return None
            if not found.uses:
                self._used.append(found)
            found.uses += 1
            found.last = now
        return found.principal

    def bearer(self, authorization: bytes) -> Principal | None:
        """Return the principal of an `Authorization: Bearer ...` header (RFC 6750), or None."""
        if authorization[:7].lower() != b"bearer ":
            return None
        return self.authenticate(authorization[7:].strip(b" "))

    def uncount(self, principal: Principal) -> None:
        """Take the last use of a principal's token back: the same request will ask for it again."""
        for found in reversed(self._used):
            if found.principal is principal and found.uses:
                found.uses -= 1
                if not found.uses:
                    self._used.remove(found)
                return

    def take_uses(self) -> tuple[TokenUse, ...]:
        """What was used since the last time this was asked; it counts as written from then on."""
        used, self._used = self._used, []
        counts: dict[str, TokenUse] = {}
        for found in used:
            if found.token_id is not None and found.uses:
                before = counts.get(found.token_id)
                more = 0 if before is None else before.count
                last = found.last if before is None else max(found.last, before.at)
                counts[found.token_id] = TokenUse(found.token_id, last, found.uses + more)
            found.uses = 0
        return tuple(counts.values())

    def forget_expired(self) -> None:
        """Hold no longer what has expired."""
        now = self._now()
        for key in [key for key, held in self._stored.items() if held.expires_at <= now]:
            del self._stored[key]
            if key not in self._configured:
                del self._known[key]

    def _elsewhere(self, token: bytes) -> Principal | None:
        return next((found for found in (other.authenticate(token) for other in self._others) if found), None)
