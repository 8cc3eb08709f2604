"""`GET /api/v1/jobs`: jobs, newest first, narrowed by what the query says."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from hookyard.auth import JOBS_READ, Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.moment import Moment, millis
from hookyard.gateway.paging import JOBS, query_of
from hookyard.gateway.views import JobPage, row_view
from hookyard.model import JobStatus, Reason
from hookyard.store.contract import JobQuery

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class JobFilter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which jobs; what is left out does not matter."""

    status: JobStatus | None = None
    reason: Reason | None = None
    """Why it is where it is."""
    dead: bool = False
    """Only dead letters: jobs that ended without success with their attempts used up, or whose input does not fit."""
    plugin: Text | None = None
    command: Text | None = None
    lane: Text | None = None
    principal: Text | None = None
    """Who asked for it, such as `token:ci` or `source:github`."""
    source: Text | None = None
    tag: Text | None = None
    tenant: Text | None = None
    """Whose it is; a caller with a tenant can ask for its own only."""
    created_since: Moment | None = None
    """Accepted then or later: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    created_until: Moment | None = None
    """Accepted before."""
    finished_since: Moment | None = None
    """Ended then or later."""
    finished_until: Moment | None = None
    """Ended before."""
    error: Text | None = None
    """Text that the code or the message of the last error has in it, in whatever case."""

    def query(self, principal: Principal, before: str | None, limit: int) -> JobQuery:
        """What the store is asked for this caller.

        Raises:
            Refused: it wants to see another tenant's.
        """
        if principal.tenant and self.tenant not in {None, principal.tenant}:
            raise Refused("forbidden", "The credential is of another tenant.")
        return JobQuery(
            status=self.status,
            reason=self.reason,
            dead=self.dead,
            plugin=self.plugin,
            command=self.command,
            lane=self.lane,
            principal=self.principal,
            source=self.source,
            tag=self.tag,
            tenant=principal.tenant or self.tenant,
            created_since=millis(self.created_since),
            created_until=millis(self.created_until),
            finished_since=millis(self.finished_since),
            finished_until=millis(self.finished_until),
            error=self.error,
            before=before,
            limit=limit,
        )


class ListQuery(JobFilter, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `GET /api/v1/jobs` can be asked."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class Listing:
    """The route."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/jobs")(self.page)]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List jobs, newest first."""
        principal = allowed(request, self._deps, JOBS_READ)
        asked = query_of(request, ListQuery)
        found = await self._deps.store.jobs(asked.query(principal, JOBS.row(asked.cursor), asked.limit))
        more = None if found.next is None else JOBS.after(found.next)
        return value_answer(JobPage([row_view(self._access.explained(job)) for job in found.jobs], more))
