"""Sending again and deleting what was for callback URLs, as for endpoints: each call is one page."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from hookyard.auth import ENDPOINTS_WRITE
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.bodies import PurgeCallbacks, RecoverCallbacks, origin_of
from hookyard.gateway.endpoints.moving import Moving, Whose
from hookyard.gateway.paging import require_no_query


class CallbackRoutes:
    """The routes. A caller with a tenant reaches what is of that one, and is told nothing of the rest."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps
        self._access = EndpointAccess(deps)

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            post("/api/v1/deliveries/recover", status_code=200)(self.recover),
            post("/api/v1/deliveries/purge", status_code=200)(self.purge),
        ]

    async def recover(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Send again what failed for good, and now what waits, if that is wanted too."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        asked = await body_of(request, self._deps, RecoverCallbacks)
        moving = Moving(self._deps, self._access.recovery, principal)
        return await moving.recover(request, Whose(kind="delivery", origin=origin_of(asked)), asked)

    async def purge(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Delete deliveries."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        asked = await body_of(request, self._deps, PurgeCallbacks)
        moving = Moving(self._deps, self._access.recovery, principal)
        return await moving.purge(request, Whose(kind="delivery", origin=origin_of(asked)), asked)
