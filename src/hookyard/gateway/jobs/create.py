"""`POST /api/v1/jobs`: a new job, for callers that have the command's name in the body."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from hookyard.auth import Principal
from hookyard.errors import Refused
from hookyard.gateway.accept import CommandWay, accepted
from hookyard.gateway.body import decoded, raw_body
from hookyard.gateway.caller import authenticate, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.envelope import require_consistent
from hookyard.gateway.jobs.bodies import JobRequest
from hookyard.gateway.permission import may_run
from hookyard.gateway.request import idempotency_key_of, preferences
from hookyard.gateway.tables import Live
from hookyard.gateway.waiting import answer_to


class Creation:
    """The route."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [post("/api/v1/jobs", status_code=202)(self.create)]

    async def create(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Make a job, as a trigger of its command does."""
        known = seen(request)
        principal = authenticate(request, self._deps.tokens)
        key = idempotency_key_of(known.headers, known.repeated)
        prefer = preferences(known.headers.get(b"prefer"))
        body = await raw_body(request, self._deps)
        asked = decoded(body, JobRequest)
        require_consistent(asked)
        way = await way_of(self._deps, self._live, principal, asked, peer=known.peer)
        repeat = None if key is None else (key, body)
        new = await way.make(asked.payload, asked, principal, repeat, known.given_id, peer=known.peer)
        stored, known.request_id = accepted(await self._deps.dispatcher.accept(new), known.given_id)
        return await answer_to(self._deps, way, stored, prefer, principal)


async def way_of(
    deps: GatewayDeps, live: Live, principal: Principal, asked: JobRequest, *, peer: str | None, base: str = "$"
) -> CommandWay:
    """The way into the command that a body names.

    Raises:
        Refused: the caller may not run it, whether or not it is there; or it is not there.
    """
    way = live.tables.ways.get(f"{asked.plugin}/{asked.command}")
    command = None if way is None else way.command
    if not await may_run(deps.hooks, principal, asked.plugin, asked.command, command, peer=peer):
        raise Refused("forbidden", path=None if base == "$" else base)
    if way is None:
        raise Refused("not_found", "There is no such command.", path=None if base == "$" else base)
    return way
