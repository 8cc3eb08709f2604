"""`GET /api/v1/jobs/{id}/artifacts`: what a job's command made."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.auth.scopes import RESULTS_READ
from hookyard.clock import rfc3339
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.download import download
from hookyard.gateway.jobs.access import JobAccess
from hookyard.model import Artifact


class ArtifactView(Struct, frozen=True, kw_only=True):
    """A named blob that the job's command made."""

    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hex."""
    created_at: str


class ArtifactList(Struct, frozen=True):
    """The artifacts of a job, by name."""

    artifacts: list[ArtifactView]


class Artifacts:
    """The routes; who may read a job may read what it made."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._store = deps.store
        self._artifacts = deps.artifacts
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/jobs/{job_id:str}/artifacts")(self.artifacts),
            get("/api/v1/jobs/{job_id:str}/artifacts/{name:str}")(self.artifact),
        ]

    async def artifacts(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List what a job made."""
        job = await self._access.readable(request, job_id, RESULTS_READ)
        found = await self._store.artifacts(job.id)
        return value_answer(ArtifactList([artifact_view(artifact) for artifact in found]))

    async def artifact(self, request: Request[Any, Any, Any], job_id: FromPath[str], name: FromPath[str]) -> ASGIApp:
        """Send what a job made."""
        job = await self._access.readable(request, job_id, RESULTS_READ)
        found = next((one for one in await self._store.artifacts(job.id) if one.name == name), None)
        if found is None:
            raise Refused("not_found", "There is no such artifact.")
        return await download(self._artifacts, found, seen(request))


def artifact_view(artifact: Artifact) -> ArtifactView:
    """Show an artifact."""
    return ArtifactView(
        name=artifact.name,
        media_type=artifact.media_type,
        size=artifact.size,
        sha256=artifact.sha256,
        created_at=rfc3339(artifact.created_at),
    )
