"""Sending deliveries again by their ids: one, or many in one call, each with an answer of its own."""

import asyncio
from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET

from hookyard import ids
from hookyard.auth import ENDPOINTS_WRITE, JOBS_READ, Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of, require_nothing
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deliveries.finding import find_one, recovery_of
from hookyard.gateway.deliveries.views import Resend, Resent, ResentOne, facts_of, row_of
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.bulk import problem_of
from hookyard.gateway.paging import require_no_query
from hookyard.model import Delivery


class ResendRoutes:
    """The routes. Each delivery has its entry of the audit log, written with it."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            post("/api/v1/deliveries/{delivery_id:str}/resend", status_code=200)(self.resend),
            post("/api/v1/deliveries/resend", status_code=200)(self.resend_many),
        ]

    async def resend(self, request: Request[Any, Any, Any], delivery_id: FromPath[str]) -> ASGIApp:
        """Send a delivery again, under its id."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        found = await find_one(self._deps, principal, delivery_id)
        await require_nothing(request, self._deps)
        changed = await self._again(request, principal, found)
        return value_answer(row_of(changed, whole=principal.may(JOBS_READ)))

    async def resend_many(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Send many again; what is wrong with one keeps no other from being sent."""
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        asked = await body_of(request, self._deps, Resend)
        recovery_of(self._deps)
        # What is the same delivery, however its id is written, is sent once. The store commits them all at once.
        each = dict.fromkeys(ids.parse(text) or text for text in asked.ids)
        results = await asyncio.gather(*(self._one_of_many(request, principal, text) for text in each))
        refused = sum(result.problem is not UNSET for result in results)
        return value_answer(Resent(accepted=len(results) - refused, refused=refused, results=results))

    async def _one_of_many(self, request: Request[Any, Any, Any], principal: Principal, text: str) -> ResentOne:
        try:
            changed = await self._again(request, principal, await find_one(self._deps, principal, text))
        except Refused as error:
            return ResentOne(id=text, problem=problem_of(error))
        return ResentOne(id=changed.id, status=changed.status)

    async def _again(self, request: Request[Any, Any, Any], principal: Principal, found: Delivery) -> Delivery:
        audit = entry(request, principal, self._deps, "delivery.resend", found.id, facts_of(found))
        return await recovery_of(self._deps).resend(found.id, tenant=principal.tenant, audit=audit)
