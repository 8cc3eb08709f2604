"""What a good request of a scheme looks like: one that its own verifier signed with a made-up secret."""

import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Fetching, Key, Verifier

CORE: Final = re.compile(rb"[0-9A-Fa-f]{40,}|[A-Za-z0-9+/_-]{26,}={0,2}")
"""What in a header could be a signature: hex or base64 of at least 160 bits."""
_URL: Final = "https://hookyard.example/hooks/one"
_OTHER: Final = "http://other.example/two"


class Exemplar(Struct, frozen=True, kw_only=True):
    """What was found out about a scheme by looking at what it signs."""

    headers: dict[bytes, bytes] = {}
    """Those without which nothing verifies, by lower-case name, with values of the made-up request."""
    signature: bytes | None = None
    """The name of the one that carries the signature."""
    prefix: bytes = b""
    """What stands there before it; with a time in it, it is not the same in every request."""
    core: bytes = b""
    """The made-up signature itself."""
    is_token: bool = False
    """Whether the secret itself comes, so that nothing of the header may ever be shown."""
    signs_url: bool = False
    material: object = None
    """Of the made-up secret."""


def exemplar_of(verifier: Verifier, now: int) -> Exemplar:
    """Make one; an empty one when it cannot sign such a request, or would trust from then on what signed it."""
    if isinstance(verifier, Fetching):
        return Exemplar()
    blank = InboundRequest(
        headers={b"content-type": b"application/json"}, body=b'{"hookyard":"exemplar"}', now=now, url=_URL
    )
    try:
        pair = verifier.pair()
        signed = verifier.sign(blank, pair.signing)
        key = Key(material=verifier.load(pair.verifying))
        verifier.verify(signed, [key])
        another = verifier.sign(replace(blank, body=b'{"hookyard":"another"}'), pair.signing)
    except Exception:  # noqa: BLE001  an explanation without it is still one
        return Exemplar()
    added = [name for name in signed.headers if name not in blank.headers]
    needed = {name: signed.headers[name] for name in added if not _verifies_without(verifier, signed, name, key)}
    signature, prefix, core = _signature(needed)
    same = signature is not None and another.headers.get(signature) == signed.headers[signature]
    return Exemplar(
        headers=needed,
        signature=signature,
        prefix=prefix,
        core=core,
        is_token=same,
        signs_url=_step(verifier, replace(signed, url=_OTHER), key) is not None,
        material=key.material,
    )


def _signature(headers: dict[bytes, bytes]) -> tuple[bytes | None, bytes, bytes]:
    """The header with the longest signature in it, what stands before it, and the signature."""
    found = [(len(match[0]), name, match) for name, value in headers.items() for match in CORE.finditer(value)]
    if not found:
        return next(((name, b"", b"") for name in headers), (None, b"", b""))
    _, name, match = max(found, key=lambda one: one[0])
    return name, headers[name][: match.start()], match[0]


def _verifies_without(verifier: Verifier, signed: InboundRequest, name: bytes, key: Key) -> bool:
    headers = {each: value for each, value in signed.headers.items() if each != name}
    return _step(verifier, replace(signed, headers=headers), key) is None


def _step(verifier: Verifier, request: InboundRequest, key: Key) -> str | None:
    try:
        verifier.verify(request, [key])
    except BadSignature as error:
        return error.step
    return None
