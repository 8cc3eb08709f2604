"""`GET /api/v1/jobs/{id}/artifacts`: what a job's command made."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.clock import rfc3339
from hookyard.errors import ArtifactError, Refused
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.caller import seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.download import Download, download_headers, is_known
from hookyard.gateway.jobs import Jobs
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

    def __init__(self, deps: GatewayDeps, jobs: Jobs) -> None:
        self._store = deps.store
        self._artifacts = deps.artifacts
        self._jobs = jobs

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/jobs/{job_id:str}/artifacts")(self.artifacts),
            get("/api/v1/jobs/{job_id:str}/artifacts/{name:str}")(self.artifact),
        ]

    async def artifacts(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List what a job made."""
        job = await self._jobs.readable(request, job_id)
        found = await self._store.artifacts(job.id)
        return value_answer(ArtifactList([_view(artifact) for artifact in found]))

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


def _view(artifact: Artifact) -> ArtifactView:
    """Show an artifact."""
    return ArtifactView(
        name=artifact.name,
        media_type=artifact.media_type,
        size=artifact.size,
        sha256=artifact.sha256,
        created_at=rfc3339(artifact.created_at),
    )
