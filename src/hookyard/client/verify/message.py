"""HTTP Message Signatures (RFC 9421), with the body covered by `Content-Digest` (RFC 9530)."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Final
from urllib.parse import SplitResult, urlsplit

from hookyard.client.verify.clock import Moment
from hookyard.client.verify.fields import Labelled, binaries, labelled
from hookyard.client.verify.found import Step, VerificationError, Verified
from hookyard.client.verify.headers import Fields
from hookyard.client.verify.keys import VerifyingKey
from hookyard.client.verify.signatures import ED25519, MAC, whose

INPUT: Final = "signature-input"
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}
_IDS: Final = ("webhook-id", "x-webhook-delivery")
_PORTS: Final = {"https": ":443", "http": ":80"}
_PROGRESS: Final[tuple[Step, ...]] = ("missing", "repeated", "coverage", "url", "timestamp", "version", "mismatch")
"""Of several signatures that fail, the one that came furthest is told of."""


@dataclass(frozen=True, slots=True)
class Request:
    """What may be covered."""

    fields: Fields
    method: str
    url: str | None
    """As the sender calls it; None when the receiver does not say."""


def check(request: Request, body: bytes, keys: Sequence[VerifyingKey], moment: Moment) -> Verified:
    """Verify: one of the signatures has to be good.

    Raises:
        VerificationError: none is.
    """
    fields = request.fields
    failed: list[VerificationError] = []
    for one in labelled(fields.one(INPUT), fields.one("signature")):
        try:
            found = _verify(request, one, keys, moment)
        except VerificationError as error:
            failed.append(error)
            continue
        _check_digest(fields, body)
        return found
    raise max(failed, key=lambda error: _PROGRESS.index(error.step) if error.step in _PROGRESS else -1)


def base(request: Request, components: Sequence[str], parameters: str) -> bytes:
    """What is signed (RFC 9421, section 2.5).

    Raises:
        VerificationError: a component is not there, came more than once, or needs a URL that nobody says.
    """
    lines = [f'"{name}": {_value(request, name)}\n' for name in components]
    return f'{"".join(lines)}"@signature-params": {parameters}'.encode()


def _verify(request: Request, one: Labelled, keys: Sequence[VerifyingKey], moment: Moment) -> Verified:
    _check_coverage(request, one)
    created, expires = one.parameters.get("created"), one.parameters.get("expires")
    if not isinstance(created, int) or not isinstance(expires, int | None):
        raise VerificationError("malformed", f"{one.label} does not say when it was created, in seconds")
    moment.near(created, f"created of {one.label}")
    if expires is not None and not moment.now < expires:
        raise VerificationError("timestamp", f"{one.label} has expired")
    content = base(request, one.components, one.text)
    algorithm = one.parameters.get("alg")
    usable = [key for key in keys if algorithm in {None, "hmac-sha256" if key.shared is not None else "ed25519"}]
    if not usable:
        why = f"{one.label} is by {algorithm}, and no secret or key that is given is of that kind"
        raise VerificationError("version", why)
    size = len(one.signature)
    owner = whose(usable, [one.signature] if size == MAC else (), [one.signature] if size == ED25519 else (), content)
    if owner is None:
        raise VerificationError("mismatch", f"{one.label} is by none of the secrets")
    key, pair = owner
    identifier = next((request.fields.one(name) for name in _IDS if name in one.components), None)
    return Verified("http", "ed25519" if pair else "hmac-sha256", key.number, identifier, created)


def _check_coverage(request: Request, one: Labelled) -> None:
    covered = set(one.components)
    needed = {"@method", "content-digest", *(name for name in _IDS if name in request.fields)}
    if lacking := sorted(needed - covered):
        raise VerificationError("coverage", f"{one.label} does not cover {', '.join(lacking)}")
    if request.url is not None and "@target-uri" not in covered and not {"@authority", "@path"} <= covered:
        raise VerificationError("coverage", f"{one.label} does not cover the URL")


def _value(request: Request, name: str) -> str:
    if name.startswith("@"):
        return _derived(request, name)
    value = request.fields.one(name).strip(" \t")
    if not value.isascii() or "\n" in value or "\r" in value:
        raise VerificationError("malformed", f"{name} has a line end, or characters that are not ASCII")
    return value


def _derived(request: Request, name: str) -> str:
    if name == "@method":
        return request.method
    if request.url is None:
        raise VerificationError("url", f"the signature covers {name}: say the URL that the sender called")
    url = _read(request.url)
    path, query = url.path or "/", f"?{url.query}"
    found = {
        "@target-uri": request.url,
        "@authority": url.netloc.lower().removesuffix(_PORTS.get(url.scheme.lower(), "\n")),
        "@scheme": url.scheme.lower(),
        "@request-target": path + (query if url.query else ""),
        "@path": path,
        "@query": query,
    }.get(name)
    if found is None:
        raise VerificationError("malformed", f"{name} is no component of a request")
    return found


def _read(url: str) -> SplitResult:
    """A receiver may have put it together from the `host` that a stranger sent."""
    try:
        if url.isascii():
            return urlsplit(url)
    except ValueError:
        pass
    raise VerificationError("url", "the URL that the sender is said to have called is none, or is not ASCII")


def _check_digest(fields: Fields, body: bytes) -> None:
    known = [
        (_HASHES[name], value)
        for name, value in binaries(fields.one("content-digest"), "content-digest").items()
        if name in _HASHES
    ]
    if not known:
        raise VerificationError("content_digest", "content-digest has neither sha-256 nor sha-512")
    if not all([hmac.compare_digest(hashed(body).digest(), value) for hashed, value in known]):  # noqa: C419  all
        raise VerificationError("content_digest", "the body is not the one of content-digest")
