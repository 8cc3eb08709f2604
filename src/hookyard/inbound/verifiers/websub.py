"""WebSub hubs: a signature over the body whose header names its method.

Source: https://www.w3.org/TR/websub/#authenticated-content-distribution. `X-Hub-Signature: method=hex`.
"""

import hmac
import re
from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

from hookyard.inbound.places import with_header
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import header, text, who
from hookyard.webhook_secret import SecretError

HEADER: Final = b"x-hub-signature"
_FORM: Final = re.compile(rb"(sha1|sha256|sha384|sha512)=([0-9a-fA-F]{40,128})")
_HEX_SIZES: Final = {b"sha1": 40, b"sha256": 64, b"sha384": 96, b"sha512": 128}
_LONGEST: Final = 199
"""Bytes; the specification demands that a secret be of less than 200."""


class WebSub:
    """Verifies and signs."""

    def load(self, secret: str) -> object:
        """The key: the `hub.secret` of the subscription; see :class:`Verifier`."""
        key = text(secret)
        if len(key) > _LONGEST:
            msg = f"is of {len(key)} bytes, and a hub takes at most {_LONGEST}"
            raise SecretError(msg)
        return key

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that signed the body, by whichever method; see :class:`Verifier`."""
        found = _FORM.fullmatch(header(request, HEADER))
        if found is None or len(found[2]) != _HEX_SIZES[found[1]]:
            raise BadSignature("malformed", HEADER.decode())
        method, given = found[1].decode(), bytes.fromhex(found[2].decode())
        return who(keys, [_signed(key.material, request.body, method, given) for key in keys])

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request signed with SHA-256."""
        return with_header(
            request, HEADER, b"sha256=" + hmac.digest(text(secret), request.body, "sha256").hex().encode()
        )

    def pair(self) -> Pair:
        """A random secret."""
        secret = token_urlsafe(32)
        return Pair(secret, secret)


def _signed(key: object, body: bytes, method: str, given: bytes) -> bool:
    return isinstance(key, bytes) and hmac.compare_digest(hmac.digest(key, body, method), given)
