"""Who is calling, at the ordinary handlers."""

from collections.abc import Mapping
from typing import Any

from litestar import Request
from msgspec import Struct

from hookyard.auth import Principal, Tokens
from hookyard.errors import Refused

KEY = "hookyard"
"""Where in the ASGI state a request's :class:`Seen` lies."""


class Seen(Struct):
    """What is known of a request before a handler runs."""

    headers: Mapping[bytes, bytes]
    """By name; one that came several times is joined with commas."""
    repeated: frozenset[bytes]
    """The names of those."""
    given_id: str | None
    """The caller's own request id."""
    request_id: str
    peer: str | None
    principal: str | None = None
    """Set as soon as it is known."""


def seen(request: Request[Any, Any, Any]) -> Seen:
    """Return what is known of a request."""
    found: Seen = request.scope["state"][KEY]
    return found


def authenticate(request: Request[Any, Any, Any], tokens: Tokens) -> Principal:
    """Return who is calling, by `Authorization: Bearer` or else `X-API-Key`.

    Raises:
        Refused: nobody we know.
    """
    known = seen(request)
    authorization = known.headers.get(b"authorization", b"")
    api_key = known.headers.get(b"x-api-key")
    if api_key is not None and authorization[:7].lower() != b"bearer ":
        principal = tokens.authenticate(api_key)
    else:
        principal = tokens.bearer(authorization)
    if principal is None:
        raise Refused("unauthenticated")
    known.principal = principal.name
    return principal
