"""The routes of what commands told: a job's log and artifacts, and the events of all."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from hookyard import ids
from hookyard.auth import JOBS_READ
from hookyard.errors import ArtifactError, Refused
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.caller import authenticate, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.download import Download, download_headers, is_known
from hookyard.gateway.jobs import Jobs
from hookyard.gateway.paging import from_cursor, query_of, to_cursor
from hookyard.gateway.told_views import ArtifactList, EventPage, LogPage, artifact_view, event_view, line_view
from hookyard.store.contract import EventQuery


class LogQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/jobs/{id}/log` can be asked."""

    after: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 0
    """Only lines with a greater number."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class EventListQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/events` can be asked."""

    type: str | None = None
    plugin: str | None = None
    job_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class Told:
    """These routes; who may read a job may read what it told."""

    def __init__(self, deps: GatewayDeps, jobs: Jobs) -> None:
        self._store = deps.store
        self._tokens = deps.tokens
        self._artifacts = deps.artifacts
        self._jobs = jobs

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/jobs/{job_id:str}/log")(self.log),
            get("/api/v1/jobs/{job_id:str}/artifacts")(self.artifacts),
            get("/api/v1/jobs/{job_id:str}/artifacts/{name:str}")(self.artifact),
            get("/api/v1/events")(self.events),
        ]

    async def log(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show what a job logged."""
        job = await self._jobs.readable(request, job_id)
        query = query_of(request, LogQuery)
        # The one more says whether there is a next page.
        found = await self._store.log_lines(job.id, after=query.after, limit=query.limit + 1)
        shown = found[: query.limit]
        more = shown[-1].number if len(found) > query.limit else None
        return value_answer(LogPage([line_view(line) for line in shown], more))

    async def artifacts(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List what a job made."""
        job = await self._jobs.readable(request, job_id)
        found = await self._store.artifacts(job.id)
        return value_answer(ArtifactList([artifact_view(artifact) for artifact in found]))

    async def artifact(self, request: Request[Any, Any, Any], job_id: FromPath[str], name: FromPath[str]) -> ASGIApp:
        """Send what a job made."""
        job = await self._jobs.readable(request, job_id)
        found = next((one for one in await self._store.artifacts(job.id) if one.name == name), None)
        if found is None:
            raise Refused("not_found", "There is no such artifact.")
        headers = download_headers(found)
        if is_known(seen(request).headers.get(b"if-none-match", b""), dict(headers)[b"etag"]):
            return Answer(304, b"", [pair for pair in headers if pair[0] == b"etag"])
        pieces = self._artifacts.stream(found.location, 0, found.size)
        try:
            first = await anext(pieces, b"")
        except ArtifactError as error:
            raise Refused("not_found", "The content of the artifact is gone.") from error
        return Download(headers, first, pieces)

    async def events(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List what plugins emitted, newest first."""
        if not authenticate(request, self._tokens).may(JOBS_READ):
            raise Refused("forbidden")
        query = query_of(request, EventListQuery)
        job_id = None if query.job_id is None else ids.parse(query.job_id)
        if job_id is None and query.job_id is not None:
            raise Refused("invalid_request", "That is not a job id.")
        found = await self._store.events(
            EventQuery(
                type=query.type,
                plugin=query.plugin,
                job_id=job_id,
                before=None if query.cursor is None else from_cursor(query.cursor),
                limit=query.limit + 1,
            )
        )
        shown = found[: query.limit]
        more = to_cursor(shown[-1].id) if len(found) > query.limit else None
        return value_answer(EventPage([event_view(event) for event in shown], more))
