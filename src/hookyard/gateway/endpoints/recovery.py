"""Sending again what an endpoint did not get: `recover`, `replay`, and `purge` of what nobody wants any more.

Each call is one page: it looks at a bounded number of rows, and answers where to go on.
"""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.bodies import Purge, Recover, Replay, ReplayedView, stretch_of
from hookyard.gateway.endpoints.moving import Moving, Whose, facts_of
from hookyard.gateway.paging import REPLAYS


class RecoveryRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps, access: EndpointAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        one = "/api/v1/endpoints/{name:str}"
        return [
            post(f"{one}/recover", status_code=200)(self.recover),
            post(f"{one}/replay", status_code=200)(self.replay),
            post(f"{one}/purge", status_code=200)(self.purge),
        ]

    async def recover(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Send again what failed for good, and now what waits, if that is wanted too."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, Recover)
        moving = Moving(self._deps, self._access.recovery, principal)
        return await moving.recover(request, Whose(kind="endpoint", endpoint=name), asked)

    async def purge(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Delete deliveries, also of an endpoint that was deleted."""
        principal = self._access.purger(request, name)
        asked = await body_of(request, self._deps, Purge)
        if asked.cursor is None:  # the page before may have deleted the last one
            await self._access.require_left(name)
        moving = Moving(self._deps, self._access.recovery, principal)
        return await moving.purge(request, Whose(kind="endpoint", endpoint=name), asked)

    async def replay(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Send what an endpoint would have been told, and was not."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, Replay)
        stretch = stretch_of(asked, REPLAYS)
        only = asked.only()
        audit = entry(request, principal, self._deps, "endpoint.replay", name, facts_of(stretch, only))
        done = await self._access.recovery.replay(name, stretch, audit=audit, only=only)
        more = None if done.next is None else REPLAYS.after(done.next)
        return value_answer(
            ReplayedView(planned=done.planned, looked_at=done.looked_at, next=more, dry_run=asked.dry_run)
        )
