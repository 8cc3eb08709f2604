"""`GET /api/v1/jobs/{id}/tree`: where a job comes from, and what came from it."""

from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.auth import Principal
from hookyard.gateway.answer import value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.permission import sees
from hookyard.gateway.views import JobRow, row_view
from hookyard.model import Job

_HEIGHT: Final = 64
"""How many ancestors are looked for."""
_BREADTH: Final = 200
"""How many descendants are shown."""


class JobTree(Struct, frozen=True, kw_only=True):
    """A job between its ancestors and its descendants."""

    ancestors: list[JobRow]
    """From the root down to its parent; at most 64, the nearest ones."""
    job: JobRow
    descendants: list[JobRow]
    """Level by level, oldest first within one; `parent` says whose each is. At most 200."""
    more: bool
    """Whether there are more of either."""


class Trees:
    """The route; of the relatives a caller sees those that it may read."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/jobs/{job_id:str}/tree")(self.tree)]

    async def tree(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show a job between its ancestors and its descendants."""
        principal, job = await self._access.read_by(request, job_id)
        above, higher = await self._above(job, principal)
        below, deeper = await self._below(job, principal)
        tree = JobTree(
            ancestors=self._rows(above), job=row_view(job), descendants=self._rows(below), more=higher or deeper
        )
        return value_answer(tree)

    def _rows(self, jobs: list[Job]) -> list[JobRow]:
        return [row_view(self._access.explained(job)) for job in jobs]

    async def _above(self, job: Job, principal: Principal) -> tuple[list[Job], bool]:
        found: list[Job] = []
        parent = job.parent
        while parent is not None:
            if len(found) == _HEIGHT:
                return found[::-1], True
            above = await self._deps.store.job(parent)
            if above is None or not sees(principal, above):
                break
            found.append(above)
            parent = above.parent
        return found[::-1], False

    async def _below(self, job: Job, principal: Principal) -> tuple[list[Job], bool]:
        found: list[Job] = []
        level = [job]
        while level:
            deeper: list[Job] = []
            for each in level:
                room = _BREADTH - len(found)
                children = await self._deps.store.children(each.id, limit=room + 1)
                seen = [child for child in children if sees(principal, child)]
                found += seen[:room]
                if len(children) > room:
                    return found, True
                deeper += seen
            level = deeper
        return found, False
