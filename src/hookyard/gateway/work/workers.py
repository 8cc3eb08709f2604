"""`GET /api/v1/workers`: the external workers that have called in."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from hookyard.auth import LANES_READ
from hookyard.dispatch.work import Work
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import require_no_query
from hookyard.gateway.work.views import WorkerList, worker_view


class Workers:
    """The route."""

    def __init__(self, deps: GatewayDeps, work: Work) -> None:
        self._deps = deps
        self._work = work

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [get("/api/v1/workers")(self.workers)]

    async def workers(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List them."""
        allowed(request, self._deps, LANES_READ)
        require_no_query(request)
        return value_answer(WorkerList([worker_view(worker) for worker in await self._work.workers()]))
