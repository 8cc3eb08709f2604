"""X asks by GET, unsigned, every hour, whether we have the app's secret.

Source: https://docs.x.com/x-api/webhooks/quickstart (the CRC check). A `nonce` beside the token is not signed.

What is answered is the HMAC of the token by the very secret that signs events, so whoever asks has something signed.
What can be had that way must therefore never be an event: a token is of an alphabet that no JSON object, list or text
can do without leaving, it is no JSON of another kind, and a body that is of that alphabet is no event of X's, whatever
its content type says it is (`a=`, for one, is a form).
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from copy import copy
from typing import Final

import msgspec

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, json, once, shared_key
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Verifier

_TOKEN: Final = re.compile(rb"[A-Za-z0-9_+/=-]{1,256}")


class X(Quiet):
    """The challenge-response check."""

    name = "x"

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Sign the token with the first of the secrets: X knows one."""
        del terms
        token = once(request, "crc_token") if request.method == "GET" else None
        if token is None or not _TOKEN.fullmatch(token) or _is_json(token):
            return None
        secret = shared_key(keys[0]) if keys else None
        if secret is None:
            return None
        return json({"response_token": "sha256=" + b64encode(hmac.digest(secret, token, "sha256")).decode()})

    def guard(self, verifier: Verifier) -> Verifier:
        """The verifier, but that it refuses what anybody may have had signed."""
        guarded = copy(verifier)  # whatever else it can do stays as it is
        vars(guarded)["verify"] = _NoTokens(verifier).verify
        return guarded


class _NoTokens:
    """Verifies, but no body that could be a token; so nobody can even use up the source's rate with such a one."""

    def __init__(self, inner: Verifier) -> None:
        self._inner = inner

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that signed the request; see :class:`Verifier`.

        Raises:
            BadSignature: none did, or the body could be a token.
        """
        key = self._inner.verify(request, keys)
        if _TOKEN.fullmatch(request.body):
            raise BadSignature("malformed", "the body could be a token of a challenge-response check")
        return key


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True
