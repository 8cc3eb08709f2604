"""The lean path: answers the well-formed hot request itself, and leaves everything else alone.

Litestar's machinery costs a request more than looking up, checking, decoding and storing it together. So these two
look at the raw headers once. Whatever is unusual about them (no credential, a header twice, `Prefer`, a query,
another media type, a body of unknown length) is left, unread, to the ordinary handlers, which know every case.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from litestar.types import HTTPScope, Receive, Send

from hookyard.auth import Principal
from hookyard.errors import Refused
from hookyard.gateway.accept import CommandWay
from hookyard.gateway.answer import Headers
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.hooks import SourceWay, Stranger
from hookyard.gateway.limits import Exceeded
from hookyard.gateway.memory import UNCOUNTED
from hookyard.gateway.refusals import crashed, refuse
from hookyard.gateway.request import idempotency_key
from hookyard.gateway.request import request_id as given_id

Lean = Callable[[HTTPScope, Receive, Send], Awaitable[bool]]
"""Answers a request and returns True, or returns False having touched nothing."""

_JSON: Final = b"application/json"
_MOST_REMEMBERED: Final = 1024
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"content-encoding", b"expect", b"prefer", b"x-api-key", b"upgrade"})


def lean_ways(deps: GatewayDeps, ways: Mapping[str, CommandWay], sources: Mapping[str, SourceWay]) -> dict[str, Lean]:
    """Make the table of hot paths."""
    table: dict[str, Lean] = {f"/trigger/{key}": LeanTrigger(deps, way) for key, way in ways.items()}
    return table | {f"/hooks/{name}": LeanHook(deps, way) for name, way in sources.items()}


class LeanTrigger:
    """`POST /trigger/{plugin}/{command}` for one command."""

    __slots__ = (
        "_allowed",
        "_bearer",
        "_cap",
        "_hold",
        "_hooks",
        "_ids",
        "_limits",
        "_question",
        "_read",
        "_uncount",
        "_way",
    )

    def __init__(self, deps: GatewayDeps, way: CommandWay) -> None:
        self._bearer, self._uncount = deps.tokens.bearer, deps.tokens.uncount
        self._allowed: set[Principal] = set()
        self._hold, self._read = deps.bodies.hold, deps.bodies.read
        self._ids = deps.ids
        self._limits = deps.limits
        self._hooks = deps.hooks
        self._cap = int(deps.config.server.max_body)
        self._way = way
        spec = way.command.spec
        self._question = (spec.plugin, spec.name, spec.options.read_only)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> bool:
        """Answer the request, or return False."""
        plain = _plain_headers(scope, self._cap)
        if plain is None:
            return False
        headers, length = plain
        if headers.get(b"content-type") != _JSON:
            return False
        principal = self._bearer(headers.get(b"authorization", b""))
        if principal is None:
            return False
        if not (principal in self._allowed or self._may(principal)):
            self._uncount(principal)
            return False
        request_id = given_id(headers) if b"x-request-id" in headers else None
        way = self._way
        hold = None if length <= UNCOUNTED else self._hold(peer_of(scope))
        fields: Headers = []
        try:
            if self._limits.triggers is not None:
                fields = self._limits.count(principal.name, "triggers")
            key = idempotency_key(headers[b"idempotency-key"]) if b"idempotency-key" in headers else None
            body = await self._read(receive, self._cap, hold, length)
            stored, request_id = await way.trigger(body, principal, key, request_id)
            answer = way.answer(stored)
        except Refused as error:
            request_id = request_id or self._ids()
            answer = refuse(error, request_id, principal=principal.name, peer=peer_of(scope), bound=self._limits.lines)
            fields = error.fields if isinstance(error, Exceeded) else fields
        except Exception as error:  # noqa: BLE001  the last one to hear of it answers 500
            request_id = request_id or self._ids()
            answer = crashed(error, request_id, principal=principal.name, peer=peer_of(scope))
        finally:
            if hold is not None:
                hold.free()
        if fields:
            answer.headers += fields
        answer.headers.append((b"x-request-id", request_id.encode()))
        await answer.give(scope, send)
        return True

    def _may(self, principal: Principal) -> bool:
        """Ask once for every principal. Where plugins have a say, nobody passes here."""
        allowed = not self._hooks.has_authorize and principal.may_trigger(*self._question)
        if allowed:
            # A principal whose token is over comes here no more, and must not be kept for ever either.
            if len(self._allowed) >= _MOST_REMEMBERED:
                self._allowed.clear()
            self._allowed.add(principal)
        return allowed


class LeanHook:
    """`POST /hooks/{source}` for one source, or for one that is not there."""

    __slots__ = ("_bound", "_cap", "_hold", "_ids", "_read", "_way")

    def __init__(self, deps: GatewayDeps, way: SourceWay | Stranger) -> None:
        self._bound = deps.limits.lines
        self._hold, self._read = deps.bodies.hold, deps.bodies.read
        self._ids = deps.ids
        self._cap = int(deps.config.server.max_body)
        self._way = way

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> bool:
        """Answer the request, or return False."""
        plain = _plain_headers(scope, self._cap)
        if plain is None:
            return False
        headers, length = plain
        request_id = given_id(headers)
        who, peer = self._way.principal, peer_of(scope)
        hold = None if length <= UNCOUNTED else self._hold(peer)
        try:
            body = await self._read(receive, self._cap, hold, length)
            answer, request_id = await self._way.receive(headers, body, request_id, peer)
        except Refused as error:
            request_id = request_id or self._ids()
            answer = refuse(error, request_id, principal=who, peer=peer, bound=self._bound)
            if isinstance(error, Exceeded):
                answer.headers += error.fields
        except Exception as error:  # noqa: BLE001  the last one to hear of it answers 500
            request_id = request_id or self._ids()
            answer = crashed(error, request_id, principal=who, peer=peer)
        finally:
            if hold is not None:
                hold.free()
        answer.headers.append((b"x-request-id", (request_id or self._ids()).encode()))
        await answer.give(scope, send)
        return True


def peer_of(scope: HTTPScope) -> str | None:
    """Return the peer's address, for the log."""
    client = scope["client"]
    return None if client is None else client[0]


def _plain_headers(scope: HTTPScope, cap: int) -> tuple[dict[bytes, bytes], int] | None:
    """The headers and the length when nothing about them needs thought: each once, and none of the rare ones."""
    pairs = cast("list[tuple[bytes, bytes]]", scope["headers"])
    headers = dict(pairs)
    if len(headers) != len(pairs) or scope["query_string"] or not _UNUSUAL.isdisjoint(headers):
        return None
    given = headers.get(b"content-length", b"")
    if not given.isdigit() or len(given) >= 12 or not 0 < (length := int(given)) <= cap:  # noqa: PLR2004
        return None
    return headers, length
