"""GitLab: a secret token that it sends along, or from 19.0 on the signature of Standard Webhooks.

Source: https://docs.gitlab.com/user/project/integrations/webhooks/. `webhook-id` and `webhook-timestamp` come with
every delivery, `webhook-signature` only where a signing token is set; so that header alone decides. A source that
wants the signature never takes the token instead, and where either will do a signature that is there must be good.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from hookyard.inbound.places import with_header
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import header, same, token, who
from hookyard.inbound.verifiers.standard_webhooks import TOLERANCE, StandardWebhooks
from hookyard.webhook_secret import PREFIX, SecretError

Accept = Literal["token", "signature", "either"]
TOKEN: Final = b"x-gitlab-token"


class Token(Struct, frozen=True):
    """A secret token, which nothing is signed with."""

    text: bytes

    def __repr__(self) -> str:
        return "Token(***)"


class GitLab:
    """Verifies and signs.

    Args:
        accept: what proves that a request is genuine.
        until: milliseconds UTC; with `either` the time at which the token stops being enough.
        tolerance: milliseconds, of signatures.
    """

    def __init__(self, accept: Accept = "signature", until: int | None = None, tolerance: int = TOLERANCE) -> None:
        self._accept: Accept = accept
        self._until = until
        self.tolerance = None if accept == "token" else tolerance
        self._signed = StandardWebhooks(tolerance=tolerance)

    def load(self, secret: str) -> object:
        """The key of a signing token or of a secret token; where either will do, `whsec_` tells which it is."""
        if self._accept == "token" or (self._accept == "either" and not secret.startswith(PREFIX)):
            return Token(token(secret))
        if not secret.startswith(PREFIX):
            msg = f"is no signing token of GitLab's, which begins with {PREFIX}"
            raise SecretError(msg)
        return self._signed.load(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that signed it, or the token that came with it; see :class:`Verifier`."""
        is_signed = self._signed.signature in request.headers
        if self._accept == "signature" or (self._accept == "either" and is_signed):
            return self._signed.verify(request, [key for key in keys if not isinstance(key.material, Token)])
        if self._accept == "either" and (self._until is None or request.now >= self._until):
            raise BadSignature("missing", "webhook-signature; the token was good until the date of the move")
        given = header(request, TOKEN)
        tokens = [(key, key.material.text) for key in keys if isinstance(key.material, Token)]
        return who([key for key, _ in tokens], [same(text, given) for _, text in tokens])

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request with a signature, or with the token."""
        if isinstance(self.load(secret), Token):
            return with_header(request, TOKEN, secret.encode())
        return self._signed.sign(request, secret)

    def pair(self) -> Pair:
        """A random signing token, which is as good a secret token."""
        return self._signed.pair()
