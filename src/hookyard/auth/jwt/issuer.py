"""One issuer: its keys, and what its tokens amount to."""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from hookyard.auth.jwt.keys import HMAC, PUBLIC, VerificationKey, candidates
from hookyard.auth.principal import Principal
from hookyard.auth.scopes import Entry, check_scope, rules_of
from hookyard.config.model import JwtSettings

_LONGEST_SUBJECT: Final = 200
_SHOWN: Final = 80
"""Characters of a scope that cannot be read that the log shows."""
_FOREVER: Final = 253_402_300_799  # the end of the year 9999, in seconds


class NotValid(Exception):  # noqa: N818  why a token is not taken, for the log
    """The token is not taken; `unknown_key` when a key that is not known may have signed it."""

    def __init__(self, why: str, *, unknown_key: bool = False) -> None:
        super().__init__(why)
        self.unknown_key = unknown_key


class _Quiet(JWSRegistry):
    """The library's algorithms, without its warning at every token that EdDSA has a newer name (RFC 9864).

    Which of them are accepted has been looked at before it is asked.
    """

    def get_alg(self, name: str) -> Any:  # noqa: ANN401  the library does not export the type
        return self.algorithms[name]


_REGISTRY: Final = _Quiet(strict_check_header=False)
"""Heads may hold what nobody here knows, as long as it is not `crit` (RFC 7515, section 4.1.11)."""


class Issuer:
    """Verifies the tokens of one issuer.

    Args:
        name: as the configuration calls it; in the principals' names.
        settings: its section.
        keys: those known now.
    """

    def __init__(self, name: str, settings: JwtSettings, keys: tuple[VerificationKey, ...]) -> None:
        self.name = name
        self.settings = settings
        self.keys = keys
        self.algorithms = frozenset(settings.algorithms or (HMAC & {"HS256"} if settings.secret else PUBLIC))
        self._denied = tuple(entry for entry in settings.at_most if entry.startswith("!"))
        self._most = rules_of(settings.at_most)

    def verify(self, token: bytes, now: int) -> tuple[Principal, int]:
        """Say whose token it is, and until when it is good, in milliseconds.

        Raises:
            NotValid: it is not good here, with the reason.
        """
        claims = self._claims(token)
        seconds, leeway = now / 1000, self.settings.leeway / 1000
        expires = _time(claims, "exp")
        if expires is None:
            raise NotValid("it has no exp")
        if seconds >= expires + leeway:
            raise NotValid("it has expired")
        for name in ("nbf", "iat"):
            begins = _time(claims, name)
            if begins is not None and seconds < begins - leeway:
                raise NotValid(f"its {name} lies ahead")
        if claims.get("iss") != self.settings.issuer:
            raise NotValid("it is of another issuer")
        audience = claims.get("aud")
        meant = [audience] if isinstance(audience, str) else _listed(audience)
        if not any(one in self.settings.audience for one in meant):
            raise NotValid("it is meant for somebody else")
        ends = int(min(expires + leeway, _FOREVER) * 1000)
        return Principal(self._who(claims), self._scopes(claims), self._tenant(claims), ends), ends

    def _claims(self, token: bytes) -> Mapping[str, Any]:
        """The claims, once the signature has been verified."""
        try:
            found = jws.extract_compact(token, registry=_REGISTRY)
        except (JoseError, ValueError) as error:
            raise NotValid("it is no JWT") from error
        head = found.headers()
        if "crit" in head:
            # No extension is understood here, and a list of none is no less forbidden (RFC 7515, section 4.1.11).
            raise NotValid("its head has a crit, of which nothing is understood here")
        algorithm, kid = head.get("alg"), head.get("kid")
        if not isinstance(algorithm, str) or ("EdDSA" if algorithm == "Ed25519" else algorithm) not in self.algorithms:
            raise NotValid("its algorithm is not accepted")
        keys = candidates(self.keys, kid, algorithm)
        if not keys:
            raise NotValid("no key is known for it", unknown_key=True)
        for each in keys:
            try:
                verified = jws.deserialize_compact(token, each.key, registry=_REGISTRY)
                claims: object = msgspec.json.decode(verified.payload or b"")
            except (JoseError, ValueError, TypeError):
                continue
            except (msgspec.DecodeError, RecursionError) as error:
                raise NotValid("its claims are no JSON") from error
            if not isinstance(claims, dict):
                raise NotValid("its claims are no object")
            return cast("Mapping[str, Any]", claims)
        raise NotValid("its signature is wrong", unknown_key=kid is None)

    def _who(self, claims: Mapping[str, Any]) -> str:
        subject = claims.get(self.settings.subject_claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise NotValid(f"its {self.settings.subject_claim} is no name")
        return f"jwt:{self.name}:{subject}"

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        name = self.settings.tenant_claim
        if name is None:
            return self.settings.tenant
        tenant = _at(claims, name)
        if not isinstance(tenant, str) or not 0 < len(tenant) <= _LONGEST_SUBJECT or not tenant.isprintable():
            raise NotValid(f"its {name} is no tenant")
        return tenant

    def _scopes(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """What the token asks for, as far as the configuration covers it; what it denies itself is always kept.

        Raises:
            NotValid: it denies itself what cannot be read: without that it would be let do what it must not.
        """
        given = _at(claims, self.settings.scopes_claim)
        asked = list(self.settings.default_scopes) if given is None else _texts(given)
        for text in asked:
            if text.startswith("!") and check_scope(text) is not None:
                raise NotValid(f"its {self.settings.scopes_claim} takes away {text[:_SHOWN]!r}, which is no scope")
        known = [text for text in asked if check_scope(text) is None]
        kept = [text for text in known if text.startswith("!") or self._covers(Entry.read(text))]
        return (*kept, *self._denied)

    def _covers(self, entry: Entry) -> bool:
        return any(own.covers(entry) for own in self._most.allow)


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2)."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _FOREVER:
        raise NotValid(f"its {name} is no time")
    return value


def _at(claims: Mapping[str, Any], path: str) -> object:
    """A claim by its name, or, when there is none, by the path that the dots in it make."""
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split("."):
        if not isinstance(found, dict):
            return None
        found = cast("dict[str, object]", found).get(part)
    return found


def _texts(given: object) -> list[str]:
    return given.split() if isinstance(given, str) else _listed(given)


def _listed(given: object) -> list[str]:
    """The texts of a list; of anything else, none."""
    return [one for one in cast("list[object]", given) if isinstance(one, str)] if isinstance(given, list) else []
