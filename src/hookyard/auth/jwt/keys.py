"""Keys that verify, each bound to the algorithms that it is for.

That binding is what algorithm confusion founders on: a public key never verifies an HMAC, whatever a token's head says
(RFC 8725, section 3.1).
"""

import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey
from msgspec import Struct

HMAC: Final = frozenset({"HS256", "HS384", "HS512"})
PUBLIC: Final = ("RS256", "ES256", "EdDSA")
"""What public keys verify when the configuration does not say."""
SHORTEST_SECRET: Final = 32
"""Bytes: RFC 7518, section 3.2, asks for as many as the hash has."""
_LEAST_RSA: Final = 2048
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: Final[Mapping[str, str]] = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_MOST_KEYS: Final = 64


class BadKey(Exception):  # noqa: N818  what is wrong with a key, for the configuration's problems and the log
    """A key that cannot be used."""


class VerificationKey(Struct, frozen=True):
    """A key, and what it is for."""

    key: Key
    algorithms: frozenset[str]
    kid: str | None
    """Its name; None: it is tried for every token."""


class _Set(Struct):
    keys: list[dict[str, Any]]


def from_secret(secret: str) -> VerificationKey:
    """A shared secret.

    Raises:
        BadKey: it is too short.
    """
    raw = secret.encode()
    if len(raw) < SHORTEST_SECRET:
        msg = f"a secret for HMAC has at least {SHORTEST_SECRET} bytes, this one {len(raw)}"
        raise BadKey(msg)
    try:
        return VerificationKey(OctKey.import_key(raw), HMAC, None)
    except ValueError as error:  # a public key in the place of a secret
        raise BadKey(str(error)) from error


def from_pem(text: bytes) -> VerificationKey:
    """A public key in PEM.

    Raises:
        BadKey: it is none, or one that no algorithm here takes.
    """
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            with warnings.catch_warnings(action="ignore"):  # what is weak is refused below, with a sentence
                return _bound(kind.import_key(text), None)
        except (JoseError, ValueError, TypeError):
            continue
    msg = "it is no public key in PEM of the kinds RSA, EC or Ed25519"
    raise BadKey(msg)


def from_set(body: bytes) -> tuple[VerificationKey, ...]:
    """The keys of a JSON Web Key Set that are for verifying; those of kinds that are unknown here are left out.

    Raises:
        BadKey: it is no key set, or none of its keys can be used.
    """
    try:
        entries = msgspec.json.decode(body, type=_Set).keys[:_MOST_KEYS]
    except (msgspec.DecodeError, RecursionError) as error:
        msg = "it is no JSON Web Key Set"
        raise BadKey(msg) from error
    keys = tuple(_usable(entries))
    if not keys:
        msg = "none of its keys can verify: RSA from 2048 bits, EC and Ed25519 can"
        raise BadKey(msg)
    return keys


def _usable(entries: Iterable[dict[str, Any]]) -> Iterable[VerificationKey]:
    for entry in entries:
        operations = entry.get("key_ops")
        # A symmetric key in a published set is everybody's: it verifies nothing.
        if entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
            continue
        if isinstance(operations, list) and "verify" not in operations:
            continue
        try:
            with warnings.catch_warnings(action="ignore"):
                key = JWKRegistry.import_key(entry)
            yield _bound(key, entry.get("alg"))
        except (BadKey, JoseError, ValueError, TypeError, KeyError):
            continue


def _bound(key: Key, algorithm: object) -> VerificationKey:
    """The key with the algorithms that its kind, and its own `alg`, leave."""
    own = _algorithms(key)
    if algorithm is not None:
        named = "EdDSA" if algorithm == "Ed25519" else algorithm
        own = own.intersection([named] if isinstance(named, str) else ())
    if not own:
        msg = "no algorithm is left for the key"
        raise BadKey(msg)
    kid = key.kid
    return VerificationKey(key, own, kid if isinstance(kid, str) and kid else None)


def _algorithms(key: Key) -> frozenset[str]:
    if isinstance(key, RSAKey):
        size = key.raw_value.key_size
        if size < _LEAST_RSA:
            msg = f"an RSA key has at least {_LEAST_RSA} bits, this one {size}"
            raise BadKey(msg)
        return _RSA
    if isinstance(key, ECKey):
        return frozenset({_CURVES[key.curve_name]}) if key.curve_name in _CURVES else frozenset()
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return frozenset({"EdDSA"})
    return frozenset()


def candidates(keys: Iterable[VerificationKey], kid: object, algorithm: str) -> Collection[VerificationKey]:
    """The keys that may have signed a token with this head."""
    named = "EdDSA" if algorithm == "Ed25519" else algorithm
    return [key for key in keys if named in key.algorithms and (key.kid is None or kid is None or key.kid == kid)]
