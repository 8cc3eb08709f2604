"""`cancel`, `kill`, `retry` and `DELETE` of one job."""

from typing import Any

from litestar import Request, delete, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.body import body_of, require_nothing
from hookyard.gateway.caller import entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.jobs.outcome import ChangedJob, uncancelled, undeleted, unretried
from hookyard.store.contract import CancelRequested, Deleted, Done


class RetryOne(Struct, frozen=True, forbid_unknown_fields=True):
    """How an ended job is queued again."""

    force: bool = False
    """Also a job that succeeded, and one whose attempts are used up, which gets as many again as its command has."""


class Changes:
    """The routes."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            post("/api/v1/jobs/{job_id:str}/cancel", status_code=200)(self.cancel),
            post("/api/v1/jobs/{job_id:str}/kill", status_code=200)(self.kill),
            post("/api/v1/jobs/{job_id:str}/retry", status_code=200)(self.retry),
            delete("/api/v1/jobs/{job_id:str}", status_code=200)(self.delete),
        ]

    async def cancel(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Cancel a job: a queued one ends at once, a running one is asked to. Whoever made it may."""
        principal, job = await self._access.changeable(request, job_id, own=True)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "job.cancel", job.id)
        outcome = await self._deps.dispatcher.cancel(job.id, audit=audit)
        if not isinstance(outcome, (Done, CancelRequested)):
            raise uncancelled(outcome, job.id)
        return await self._changed(job.id)

    async def kill(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Cancel a job; one that runs ends at once too."""
        principal, job = await self._access.changeable(request, job_id)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "job.kill", job.id)
        outcome = await self._deps.dispatcher.kill(job.id, audit=audit)
        if not isinstance(outcome, (Done, CancelRequested)):
            raise uncancelled(outcome, job.id)
        return await self._changed(job.id)

    async def retry(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Queue an ended job again, its history kept."""
        principal, job = await self._access.changeable(request, job_id)
        asked = await body_of(request, self._deps, RetryOne)
        audit = entry(request, principal, self._deps, "job.retry", job.id, {"force": asked.force})
        outcome = await self._deps.dispatcher.retry(job.id, force=asked.force, audit=audit)
        if not isinstance(outcome, Done):
            raise unretried(outcome, job.id)
        return await self._changed(job.id)

    async def delete(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Forget an ended job and all that belongs to it."""
        principal, job = await self._access.changeable(request, job_id)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "job.delete", job.id)
        outcome = await self._deps.dispatcher.delete(job.id, audit=audit)
        if not isinstance(outcome, Deleted):
            raise undeleted(outcome, job.id)
        return Answer(204, b"", [])

    async def _changed(self, job_id: str) -> Answer:
        job = await self._deps.store.job(job_id)
        if job is None:  # deleted since
            raise undeleted(None, job_id)
        return value_answer(ChangedJob(job_id=job.id, status=job.status, cancel_requested=job.cancel_requested))
