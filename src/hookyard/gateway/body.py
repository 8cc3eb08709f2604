"""Bodies of requests, decoded into Structs."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.gateway.caller import seen
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.request import content_length, require_json

T = TypeVar("T", bound=Struct)


class _Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A body that says nothing."""


async def raw_body(request: Request[Any, Any, Any], deps: GatewayDeps) -> bytes:
    """Return the body of a request that is to be JSON, as it came.

    Raises:
        Refused: it is too large, comes too slowly, finds no room, or says that it is something else.
    """
    known, cap = seen(request), int(deps.config.server.max_body)
    length = content_length(known.headers, cap)
    if length != 0:
        require_json(known.headers)
    return await deps.bodies.read(request.receive, cap, known.hold, length)


async def body_of(request: Request[Any, Any, Any], deps: GatewayDeps, kind: type[T]) -> T:
    """Return the body of a request; no body at all is the empty object.

    Raises:
        Refused: it is too large, no JSON, or not what the type says.
    """
    return decoded(await raw_body(request, deps), kind)


def decoded(body: bytes, kind: type[T], base: str = "$") -> T:
    """Decode JSON.

    Args:
        body: as it came.
        kind: what it is to be.
        base: the JSON path at which it stands in what the caller sent.

    Raises:
        Refused: it is no JSON, or not what the type says.
    """
    if not body.isascii():
        require_utf8(body)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error, base, body) from error


async def require_nothing(request: Request[Any, Any, Any], deps: GatewayDeps) -> None:
    """Refuse a body that says something where nothing is understood; an empty object says nothing.

    Raises:
        Refused: it does, is too large, or no JSON.
    """
    try:
        decoded(await raw_body(request, deps), _Nothing)
    except Refused as error:
        if error.code != "invalid_input":
            raise
        raise Refused("invalid_request", "There is nothing that a body could say here.") from error
