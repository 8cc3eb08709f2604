"""Sending again and deleting what was for callback URLs, as for endpoints: each call is one page."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from hookyard.auth import ENDPOINTS_WRITE
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.bodies import PurgeCallbacks, RecoverCallbacks, origin_of, stretch_of
from hookyard.gateway.endpoints.recovery import facts_of, moved_of
from hookyard.gateway.paging import OLDEST_FIRST, require_no_query
from hookyard.outbound.recovery import Recovery


class CallbackRoutes:
    """The routes. A caller with a tenant reaches what is of that one, and is told nothing of the rest."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

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
        origin, stretch = origin_of(asked), stretch_of(asked, OLDEST_FIRST)
        facts = {**facts_of(stretch), "waiting": asked.waiting}
        audit = entry(request, principal, self._deps, "delivery.recover", origin or "*", facts)
        moved = await self._recovery.recover(
            None, stretch, audit=audit, waiting=asked.waiting, tenant=principal.tenant, origin=origin
        )
        return value_answer(moved_of(moved, dry_run=asked.dry_run))

    async def purge(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Delete deliveries."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        asked = await body_of(request, self._deps, PurgeCallbacks)
        origin, stretch = origin_of(asked), stretch_of(asked, OLDEST_FIRST)
        statuses = tuple(dict.fromkeys(asked.statuses))
        facts = {**facts_of(stretch), "statuses": statuses}
        audit = entry(request, principal, self._deps, "delivery.purge", origin or "*", facts)
        moved = await self._recovery.purge(
            None, stretch, statuses=statuses, audit=audit, tenant=principal.tenant, origin=origin
        )
        return value_answer(moved_of(moved, dry_run=asked.dry_run))

    @property
    def _recovery(self) -> Recovery:
        if self._deps.recovery is None:
            raise Refused("not_found", "Nothing is sent from here.")
        return self._deps.recovery
