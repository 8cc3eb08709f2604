"""The routes of `/api/v1/deliveries`."""

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard import ids
from hookyard.auth import ENDPOINTS_READ, ENDPOINTS_WRITE, JOBS_READ, Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import require_nothing
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deliveries.callbacks import CallbackRoutes
from hookyard.gateway.deliveries.finding import find, find_one, may_list, recovery_of, visible
from hookyard.gateway.deliveries.resend import ResendRoutes
from hookyard.gateway.deliveries.views import (
    OPEN,
    DeliveryAttempts,
    DeliveryListQuery,
    DeliveryPage,
    attempt_of,
    facts_of,
    one_of,
    row_of,
)
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.moment import millis
from hookyard.gateway.paging import DELIVERIES, query_of, require_no_query
from hookyard.model import DeliveryStatus
from hookyard.store.contract import DeliveryQuery


class DeliveryRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/deliveries")(self.page),
            get("/api/v1/deliveries/{delivery_id:str}")(self.show),
            get("/api/v1/deliveries/{delivery_id:str}/attempts")(self.attempts),
            post("/api/v1/deliveries/{delivery_id:str}/abandon", status_code=200)(self.abandon),
            *ResendRoutes(self._deps).handlers(),
            *CallbackRoutes(self._deps).handlers(),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List deliveries, newest first."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        asked = query_of(request, DeliveryListQuery)
        query = _query(asked, principal)
        if query.endpoint is not None and not may_list(principal, self._deps.endpoints, query.endpoint):
            return value_answer(DeliveryPage([], None))
        found = await find(self._deps.store, query, _statuses(asked))
        sees, whole = visible(principal, self._deps.endpoints), principal.may(JOBS_READ)
        shown = [row_of(each, whole=whole) for each in found.deliveries if sees(each)]
        return value_answer(DeliveryPage(shown, None if found.next is None else DELIVERIES.after(found.next)))

    async def show(self, request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
        """Show a delivery."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        require_no_query(request)
        found = await find_one(self._deps, principal, delivery_id)
        return value_answer(one_of(found, whole=principal.may(JOBS_READ)))

    async def attempts(self, request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
        """Show the tries at a delivery."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        require_no_query(request)
        found = await find_one(self._deps, principal, delivery_id)
        tries = await self._deps.store.delivery_attempts(found.id)
        return value_answer(DeliveryAttempts([attempt_of(each) for each in tries]))

    async def abandon(self, request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
        """Give a delivery up that is still to be sent."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        found = await find_one(self._deps, principal, delivery_id)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "delivery.abandon", found.id, facts_of(found))
        changed = await recovery_of(self._deps).abandon(found.id, tenant=principal.tenant, audit=audit)
        return value_answer(row_of(changed, whole=principal.may(JOBS_READ)))


def _statuses(asked: DeliveryListQuery) -> tuple[DeliveryStatus, ...]:
    if asked.status is None:
        return ()
    return OPEN if asked.status == "open" else (asked.status,)


def _query(asked: DeliveryListQuery, principal: Principal) -> DeliveryQuery:
    if asked.callback and asked.endpoint is not None:
        raise Refused("invalid_request", "A delivery to a callback URL is for no endpoint: ask for one of them.")
    if principal.tenant and asked.tenant not in {None, principal.tenant}:
        raise Refused("forbidden", "The credential is of another tenant.")
    job_id = None if asked.job_id is None else ids.parse(asked.job_id)
    if job_id is None and asked.job_id is not None:
        raise Refused("invalid_request", "That is not a job id.")
    return DeliveryQuery(
        endpoint=asked.endpoint,
        callback=asked.callback,
        event=asked.event,
        job_id=job_id,
        tenant=principal.tenant or asked.tenant,
        error=asked.error,
        created_since=millis(asked.since),
        created_until=millis(asked.until),
        before=DELIVERIES.row(asked.cursor),
        limit=asked.limit,
    )
