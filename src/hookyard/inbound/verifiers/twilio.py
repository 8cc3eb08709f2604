"""Twilio: a signature over the URL and, behind it, the sorted fields of the form.

Source: https://www.twilio.com/docs/usage/security#validating-requests. Base64 of HMAC-SHA1 by the account's auth token.
Any other body is covered by its SHA-256, which Twilio adds to the query as `bodySHA256`. The URL is the
configuration's. Twilio leaves the port out of what it signs, or does not, by the age of the product; so, as in its
libraries, either will do.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from secrets import token_hex
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from hookyard.inbound.places import with_header
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.urlencoded import fields_of, is_form
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import base64, header, text, who

HEADER: Final = b"x-twilio-signature"
_DIGEST: Final = "bodySHA256"
_HEX: Final = re.compile(rb"[0-9a-fA-F]{64}")
_SIZE: Final = 20
_MOST: Final = 1000
"""Fields of a form."""
_PORTS: Final = {"https": 443, "http": 80}


class Twilio:
    """Verifies and signs."""

    needs_url: Final = True

    def load(self, secret: str) -> object:
        """The key: the account's auth token; see :class:`Verifier`."""
        return text(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that signed the URL and the body; see :class:`Verifier`."""
        given = base64(header(request, HEADER), _SIZE)
        if given is None:
            raise BadSignature("malformed", HEADER.decode())
        digest = self._digest(request)
        fields = b"" if digest is not None else _fields(request)
        contents = [url + fields for url in _urls(request)]
        key = who(keys, [_signed(key.material, contents, given) for key in keys])
        if digest is not None and not hmac.compare_digest(sha256(request.body).hexdigest().encode(), digest.lower()):
            raise BadSignature("content_digest", _DIGEST)
        return key

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request signed; a body that is no form gets its digest into the query."""
        others = [part for part in request.query.split(b"&") if part and not part.startswith(_DIGEST.encode() + b"=")]
        if request.body and not is_form(request):
            others.append(f"{_DIGEST}={sha256(request.body).hexdigest()}".encode())
        request = replace(request, query=b"&".join(others))
        fields = _fields(request) if is_form(request) else b""
        content = next(_urls(request)) + fields
        return with_header(request, HEADER, b64encode(hmac.digest(text(secret), content, "sha1")))

    def pair(self) -> Pair:
        """A random auth token."""
        secret = token_hex(16)
        return Pair(secret, secret)

    def _digest(self, request: InboundRequest) -> bytes | None:
        """The body's digest, by the query."""
        found = request.parameters(_DIGEST)
        if not found:
            return None
        if len(found) > 1:
            raise BadSignature("repeated", _DIGEST)
        if not _HEX.fullmatch(found[0]):
            raise BadSignature("malformed", _DIGEST)
        return found[0]


def _fields(request: InboundRequest) -> bytes:
    """The form as it is signed: sorted by name and then value, without separators, the same field once."""
    if not request.body:
        return b""
    if b"content-type" in request.repeated:
        raise BadSignature("repeated", "content-type")
    if not is_form(request):
        raise BadSignature("missing", f"the body is no form, and the query has no {_DIGEST}")
    # Anybody may send one, so in time and memory it must not cost many times its size, as the standard library's would.
    fields = fields_of(request.body, _MOST) if request.body.isascii() else None
    if fields is None:
        raise BadSignature("malformed", "the form")
    signed = b"".join(name + value for name, value in sorted(set(fields)))  # in the order of the text, as UTF-8 has it
    try:
        signed.decode()
    except UnicodeDecodeError:
        raise BadSignature("malformed", "the form") from None
    return signed


def _urls(request: InboundRequest) -> Iterator[bytes]:
    """The URL as it is configured, and with its port where it had none, or the other way about."""
    query = b"?" + request.query if request.query else b""
    yield request.url.encode() + query
    parts = urlsplit(request.url)
    host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else f"{parts.netloc}:{_PORTS.get(parts.scheme)}"
    yield parts._replace(netloc=host).geturl().encode() + query


def _signed(key: object, contents: Sequence[bytes], given: bytes) -> bool:
    if not isinstance(key, bytes):
        return False
    return any([hmac.compare_digest(hmac.digest(key, one, "sha1"), given) for one in contents])  # noqa: C419  all of them
