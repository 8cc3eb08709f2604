"""The job routes: one, a page, and the short form for scripts."""

from collections.abc import Callable
from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct
from msgspec.structs import replace

from hookyard import ids
from hookyard.auth import JOBS_READ
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import authenticate
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import from_cursor, query_of, to_cursor
from hookyard.gateway.views import JobPage, attempt_view, delivery_view, full_view, row_view, short_view
from hookyard.host.registry import Registry
from hookyard.model import Job, JobStatus
from hookyard.store.contract import JobQuery


class ListQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/jobs` can be asked."""

    status: JobStatus | None = None
    plugin: str | None = None
    command: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class Jobs:
    """The job routes."""

    def __init__(self, deps: GatewayDeps, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._store = deps.store
        self._tokens = deps.tokens

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/job/{job_id:str}")(self.short),
            get("/api/v1/jobs")(self.page),
            get("/api/v1/jobs/{job_id:str}")(self.full),
        ]

    async def short(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show how a job stands."""
        return value_answer(short_view(await self.readable(request, job_id)))

    async def full(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show all of a job."""
        job = await self.readable(request, job_id)
        attempts = [attempt_view(attempt) for attempt in await self._store.attempts(job.id)]
        deliveries = [
            delivery_view(delivery, await self._store.delivery_attempts(delivery.id))
            for delivery in await self._store.deliveries(job.id)
        ]
        children = [child.id for child in await self._store.children(job.id)]
        return value_answer(full_view(job, attempts, deliveries, children))

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List jobs, newest first."""
        if not authenticate(request, self._tokens).may(JOBS_READ):
            raise Refused("forbidden")
        query = query_of(request, ListQuery)
        found = await self._store.jobs(
            JobQuery(
                status=query.status,
                plugin=query.plugin,
                command=query.command,
                before=None if query.cursor is None else from_cursor(query.cursor),
                limit=query.limit,
            )
        )
        more = None if found.next is None else to_cursor(found.next)
        return value_answer(JobPage([row_view(self._explained(job)) for job in found.jobs], more))

    async def readable(self, request: Request[Any, Any, Any], text: str) -> Job:
        """Return the job, to those who may read all and to the one who made it."""
        principal = authenticate(request, self._tokens)
        job_id = ids.parse(text)
        if job_id is None:
            raise Refused("invalid_request", "That is not a job id.")
        job = await self._store.job(job_id)
        # To all others a job that exists and one that does not are the same.
        if not principal.may(JOBS_READ) and (job is None or job.principal != principal.name):
            raise Refused("forbidden")
        if job is None:
            raise Refused("not_found", "There is no such job.")
        return self._explained(job)

    def _explained(self, job: Job) -> Job:
        """The job, with the reason when it is queued for a command that is not here."""
        if job.status == "queued" and f"{job.plugin}/{job.command}" not in self._registry().commands:
            return replace(job, reason="command_missing")
        return job
