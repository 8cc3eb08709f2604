"""The ordinary handlers of the two ways in: every case the lean path leaves."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.errors import Refused
from hookyard.gateway.caller import authenticate, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.limits import Exceeded
from hookyard.gateway.request import (
    content_length,
    idempotency_key_of,
    preferences,
    require_json,
)
from hookyard.gateway.tables import Live
from hookyard.gateway.waiting import answer_to


class Ways:
    """Both ways in."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live
        self._cap = int(deps.config.server.max_body)
        self._read = deps.bodies.read

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            post("/trigger/{plugin:str}/{command:str}")(self.trigger),
            post("/hooks/{source:str}")(self.hook),
        ]

    async def trigger(self, request: Request[Any, Any, Any], plugin: FromPath[str], command: FromPath[str]) -> ASGIApp:
        """Run a command."""
        known = seen(request)
        principal = authenticate(request, self._deps.tokens)
        way = self._live.tables.ways.get(f"{plugin}/{command}")
        read_only = way is not None and way.command.spec.options.read_only
        if not principal.may_trigger(plugin, command, read_only):
            raise Refused("forbidden")
        if way is None:
            raise Refused("not_found", "There is no such command.")
        length = content_length(known.headers, self._cap)
        if length != 0:
            require_json(known.headers)
        key = idempotency_key_of(known.headers, known.repeated)
        prefer = preferences(known.headers.get(b"prefer"))
        body = await self._read(request.receive, self._cap, known.hold, length)
        stored, known.request_id = await way.trigger(body, principal, key, known.given_id, peer=known.peer)
        return await answer_to(self._deps, way, stored, prefer, principal)

    async def hook(self, request: Request[Any, Any, Any], source: FromPath[str]) -> ASGIApp:
        """Take an inbound webhook."""
        known = seen(request)
        tables = self._live.tables
        way = tables.sources.get(source, tables.stranger)
        known.principal = way.principal
        length = content_length(known.headers, self._cap)
        body = await self._read(request.receive, self._cap, known.hold, length)
        query = request.scope["query_string"]
        try:
            answer, request_id = await way.receive(
                known.headers, body, known.given_id, known.peer, known.repeated, query
            )
        except Exceeded as error:
            known.fields = error.fields
            raise
        known.request_id = request_id or known.request_id
        return answer
