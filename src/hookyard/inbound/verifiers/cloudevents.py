"""CloudEvents over HTTP: a token, in `Authorization: Bearer` or in the query.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md, section 3. Nothing is signed. Both
at once is forbidden there, and refused here.
"""

import re
from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

from hookyard.inbound.places import with_header
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import header, holds, token, who
from hookyard.webhook_secret import SecretError

_HEADER: Final = b"authorization"
_QUERY: Final = "access_token"
_BEARER: Final = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([!-~]+)")
_TOKEN: Final = re.compile(r"[!-~]+")


class CloudEvents:
    """Verifies, and adds the token."""

    def load(self, secret: str) -> object:
        """The key: the token; see :class:`Verifier`."""
        if not _TOKEN.fullmatch(secret):
            msg = "must be printable ASCII without spaces" if secret else "is empty"
            raise SecretError(msg)
        return token(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The token that came with it; see :class:`Verifier`."""
        given = self._token(request)
        return who(keys, [holds(key, given) for key in keys])

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request with the token in its header."""
        return with_header(request, _HEADER, b"Bearer " + secret.encode())

    def pair(self) -> Pair:
        """A random token."""
        secret = token_urlsafe(32)
        return Pair(secret, secret)

    def _token(self, request: InboundRequest) -> bytes:
        in_query = request.parameters(_QUERY)
        if _HEADER not in request.headers and in_query:
            if len(in_query) > 1:
                raise BadSignature("repeated", _QUERY)
            return in_query[0]
        found = _BEARER.fullmatch(header(request, _HEADER))
        if found is None or in_query:
            raise BadSignature("malformed", "two tokens" if in_query else _HEADER.decode())
        return found[1]
