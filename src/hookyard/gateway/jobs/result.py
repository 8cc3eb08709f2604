"""`GET /api/v1/jobs/{id}/result`: what came of a job, bare."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.auth.scopes import RESULTS_READ
from hookyard.errors import Refused
from hookyard.gateway.answer import json_answer
from hookyard.gateway.caller import seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.download import download
from hookyard.gateway.jobs.access import JobAccess
from hookyard.model import Job


class Results:
    """The route; who has `results:read` may read every one."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._store = deps.store
        self._artifacts = deps.artifacts
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/jobs/{job_id:str}/result")(self.result)]

    async def result(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Send the result itself; a large one piece by piece from where it is kept."""
        job = await self._access.readable(request, job_id, RESULTS_READ)
        if job.result is not None:
            return json_answer(job.result)
        if job.result_artifact is None:
            raise _without(job)
        found = next((one for one in await self._store.artifacts(job.id) if one.name == job.result_artifact), None)
        if found is None:
            raise Refused("not_found", "The result is gone.")
        return await download(self._artifacts, found, seen(request))


def _without(job: Job) -> Refused:
    told = {"job_id": job.id, "job_status": job.status}
    if job.status in {"queued", "running"}:
        return Refused("job_active", "The job has not ended, so it has no result yet.", extra=told)
    return Refused("not_found", f"The job has ended as {job.status}, without a result.", extra=told)
