"""`Content-Digest`: the digest of the body, by which a signature of headers covers it.

Source: RFC 9530, section 2.
"""

import hmac
from hashlib import sha256, sha512
from typing import Final, cast

import http_sf

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature
from hookyard.inbound.verifiers.rfc9421.structured import dictionary

HEADER: Final = b"content-digest"
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}


def check(request: InboundRequest) -> None:
    """Hold the body against its digests, of which one of SHA-256 or SHA-512 must be there and all must be right.

    Raises:
        BadSignature: it is another body, or nobody can tell.
    """
    found = dictionary(request.headers.get(HEADER, b""), HEADER.decode())
    known = [(_HASHES[name], value) for name, value in found.items() if name in _HASHES]
    if not known:
        raise BadSignature("content_digest", "it has neither sha-256 nor sha-512")
    for algorithm, item in known:
        value = cast("tuple[object, object]", item)[0] if isinstance(item, tuple) else None
        if not isinstance(value, bytes) or not hmac.compare_digest(algorithm(request.body).digest(), value):
            raise BadSignature("content_digest")


def of(body: bytes) -> bytes:
    """The field of a body."""
    return http_sf.ser({"sha-256": sha256(body).digest()}).encode()
