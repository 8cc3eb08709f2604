"""HTTP Message Signatures (RFC 9421), with the body covered by `Content-Digest` (RFC 9530).

A request may carry several signatures; one that is by a key of ours, covers enough and is in time will do. `keyid`
picks the key where keys have ids, and the key says the algorithm. The body is digested last, so that strangers have
nothing of it digested.
"""

from collections.abc import Sequence
from typing import Final, TypeGuard

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from http_sf import ser
from msgspec.structs import replace

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair, Step
from hookyard.inbound.verifiers.parts import header, who
from hookyard.inbound.verifiers.rfc9421 import digest
from hookyard.inbound.verifiers.rfc9421.base import base
from hookyard.inbound.verifiers.rfc9421.keys import Verifying, load, sign
from hookyard.inbound.verifiers.rfc9421.structured import Labelled, labelled, written

TOLERANCE: Final = 300_000
INPUT: Final = b"signature-input"
SIGNATURE: Final = b"signature"
_ALWAYS: Final = frozenset({"@method", "content-digest"})
_WHERE: Final = (frozenset({"@target-uri"}), frozenset({"@authority", "@path"}))
_SIGNED: Final = ("@method", "@authority", "@path", "content-digest")
_PROGRESS: Final[tuple[Step, ...]] = (
    "malformed",
    "missing",
    "repeated",
    "coverage",
    "timestamp_missing",
    "timestamp_malformed",
    "timestamp_range",
    "no_secret",
    "mismatch",
)
"""Of several signatures that fail, the one that came furthest is told of."""


class MessageSignatures:
    """Verifies and signs.

    Args:
        components: what a signature must cover; the method, the place and the digest of the body if there are none.
        tolerance: milliseconds by which `created` may be off, in both directions.
    """

    needs_url: Final = True

    def __init__(self, components: Sequence[str] = (), tolerance: int = TOLERANCE) -> None:
        self._components = frozenset(components)
        self._signs = tuple(components) or _SIGNED
        self.tolerance = tolerance

    def load(self, secret: str) -> object:
        """A public key in PEM, or a shared secret; see :func:`hookyard.inbound.verifiers.rfc9421.keys.load`."""
        return load(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that made one of the signatures; see :class:`Verifier`."""
        if not keys:
            raise BadSignature("no_secret")
        failed: list[BadSignature] = []
        for one in labelled(header(request, INPUT), header(request, SIGNATURE)):
            try:
                key = self._verify(request, one, keys)
            except BadSignature as error:
                failed.append(error)
                continue
            if "content-digest" in one.components:
                digest.check(request)
            return key
        raise max(failed, key=lambda error: _PROGRESS.index(error.step) if error.step in _PROGRESS else -1)

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request signed; `Content-Digest` is of its body as it is now."""
        added = {digest.HEADER: digest.of(request.body)}
        if "content-type" in self._signs:
            added[b"content-type"] = request.headers.get(b"content-type", b"application/json")
        request = _with(request, added)
        parameters = written(self._signs, {"created": request.now // 1000})
        signature = sign(secret, base(request, self._signs, parameters))
        return _with(request, {INPUT: f"sig1={parameters}".encode(), SIGNATURE: ser({"sig1": signature}).encode()})

    def pair(self) -> Pair:
        """An Ed25519 key pair."""
        private = Ed25519PrivateKey.generate()
        signing = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        verifying = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Pair(signing.decode(), verifying.decode())

    def _verify(self, request: InboundRequest, one: Labelled, keys: Sequence[Key]) -> Key:
        self._check_coverage(frozenset(one.components))
        self._check_time(request.now, one.parameters)
        if "content-digest" in one.components:
            header(request, digest.HEADER)
        candidates = _candidates(one.parameters, keys)
        signed = base(request, one.components, one.text)
        return who(
            [key for key, _ in candidates], [material.signed(one.signature, signed) for _, material in candidates]
        )

    def _check_coverage(self, covered: frozenset[str]) -> None:
        if self._components:
            enough = self._components <= covered
        else:
            enough = covered >= _ALWAYS and any(covered >= where for where in _WHERE)
        if not enough:
            raise BadSignature("coverage")

    def _check_time(self, now: int, parameters: dict[str, object]) -> None:
        created, expires = parameters.get("created"), parameters.get("expires")
        if created is None:
            raise BadSignature("timestamp_missing", "created")
        if not _is_integer(created) or not (expires is None or _is_integer(expires)):
            raise BadSignature("timestamp_malformed", "created or expires")
        if abs(now - created * 1000) > self.tolerance:
            raise BadSignature("timestamp_range", "created")
        if expires is not None and now >= expires * 1000:
            raise BadSignature("timestamp_range", "expires")


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _candidates(parameters: dict[str, object], keys: Sequence[Key]) -> list[tuple[Key, Verifying]]:
    """The keys that the signature may be by: of its id, or without one; and of its algorithm, if it says that."""
    name, algorithm = parameters.get("keyid"), parameters.get("alg")
    if not isinstance(name, str | None) or not isinstance(algorithm, str | None):
        raise BadSignature("malformed", "keyid or alg")
    found = [
        (key, key.material)
        for key in keys
        if isinstance(key.material, Verifying)
        and (name is None or key.id is None or key.id == name)
        and (algorithm is None or key.material.algorithm == algorithm)
    ]
    if not found:
        raise BadSignature("no_secret", "none has the id or the algorithm that the signature names")
    return found


def _with(request: InboundRequest, added: dict[bytes, bytes]) -> InboundRequest:
    return replace(request, headers={**request.headers, **added}, repeated=request.repeated - added.keys())
