"""`GET /api/v1/jobs/{id}/log`: what a job's command logged."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Raw, Struct

from hookyard.clock import rfc3339
from hookyard.gateway.answer import value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.paging import page_of, query_of
from hookyard.model import LogLevel, LogLine


class LogQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/jobs/{id}/log` can be asked."""

    after: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 0
    """Only lines with a greater number."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class LogLineView(Struct, frozen=True, kw_only=True):
    """A line that the job's command logged."""

    number: int
    """Counted from 1 within the job."""
    attempt: int
    at: str
    level: LogLevel
    event: str
    values: Raw
    """What belongs to it: an object."""


class LogPage(Struct, frozen=True):
    """Lines of a job's log, oldest first."""

    lines: list[LogLineView]
    next: int | None
    """What to give as `after` for the next page; null when there is none yet."""


class JobLogs:
    """The route; who may read a job may read its log."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._store = deps.store
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/jobs/{job_id:str}/log")(self.log)]

    async def log(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show what a job logged."""
        job = await self._access.readable(request, job_id, query=True)
        query = query_of(request, LogQuery)
        # The one more says whether there is a next page.
        found = await self._store.log_lines(job.id, after=query.after, limit=query.limit + 1)
        shown, more = page_of(found, query.limit, lambda line: line.number)
        return value_answer(LogPage([line_view(line) for line in shown], more))


def line_view(line: LogLine) -> LogLineView:
    """Show a line of a log."""
    return LogLineView(
        number=line.number,
        attempt=line.attempt,
        at=rfc3339(line.at),
        level=line.level,
        event=line.event,
        values=Raw(line.values),
    )
