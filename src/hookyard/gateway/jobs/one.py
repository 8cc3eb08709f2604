"""One job: the short form for scripts, and all of it."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.auth.scopes import RESULTS_READ
from hookyard.gateway.answer import value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.jobs.told import deliveries_of, events_of
from hookyard.gateway.views import attempt_view, full_view, short_view


class OneJob:
    """The routes."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._store = deps.store
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/job/{job_id:str}")(self.short),
            get("/api/v1/jobs/{job_id:str}")(self.full),
        ]

    async def short(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show how a job stands."""
        return value_answer(short_view(await self._access.readable(request, job_id, RESULTS_READ)))

    async def full(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show all of a job."""
        principal, job = await self._access.read_by(request, job_id)
        attempts = [attempt_view(attempt) for attempt in await self._store.attempts(job.id)]
        events = await events_of(self._deps, job)
        deliveries = await deliveries_of(self._deps, job, principal)
        children = [child.id for child in await self._store.children(job.id)]
        return value_answer(full_view(job, attempts, events, deliveries, children))
