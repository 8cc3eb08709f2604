"""`PUT /api/v1/work/{job_id}/artifacts/{name}`: what a worker's job makes, streamed."""

from typing import Any, Final

from litestar import Request, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.context.messages import CloseArtifact, OpenArtifact, WriteArtifact
from hookyard.dispatch.ports import AttemptPort
from hookyard.dispatch.work import Work
from hookyard.errors import ArtifactError, Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.artifacts import artifact_view
from hookyard.gateway.caller import authenticate, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.request import content_length
from hookyard.gateway.work.calls import held_job

LEASE: Final = b"x-hookyard-lease"


class WorkArtifacts:
    """The route."""

    def __init__(self, deps: GatewayDeps, work: Work) -> None:
        self._deps = deps
        self._work = work

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [put("/api/v1/work/{job_id:str}/artifacts/{name:str}", status_code=201)(self.put)]

    async def put(self, request: Request[Any, Any, Any], job_id: FromPath[str], name: FromPath[str]) -> ASGIApp:
        """Keep an artifact of a job that the caller holds; one of the same name is replaced."""
        principal = authenticate(request, self._deps.tokens)
        headers = seen(request).headers
        if LEASE not in headers:
            raise Refused("invalid_request", "The header X-Hookyard-Lease is missing.")
        held = await held_job(self._deps, principal, job_id, headers[LEASE].decode("latin-1"))
        limit = int(self._deps.config.artifacts.max_size)
        content_length(headers, limit)
        kind = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
        port = self._work.port(held.job, held.token)
        try:
            handle = await port.ask(OpenArtifact(name, kind))
        except ArtifactError as error:
            raise Refused("invalid_request", f"{error}.") from error
        try:
            await self._fill(request, port, handle, limit)
            artifact = await port.ask(CloseArtifact(handle))
        except ArtifactError as error:
            now = await self._deps.store.job(held.job.id)
            if now is None or now.lease_token != held.token:
                raise Refused("stale_lease", "The artifact is not kept: the job is held by somebody else.") from error
            raise Refused("store_unavailable", f"The artifact cannot be kept now: {error}.", retry_after=5) from error
        finally:
            port.close()  # what is not complete is forgotten
        return value_answer(artifact_view(artifact), 201)

    @staticmethod
    async def _fill(request: Request[Any, Any, Any], port: AttemptPort, handle: int, limit: int) -> None:
        size = 0
        while True:
            message = await request.receive()
            if message["type"] != "http.request":
                raise Refused("invalid_request", "The body ended early.")
            chunk = message["body"]
            size += len(chunk)
            if size > limit:
                raise Refused("too_large", f"An artifact may have {limit} bytes.", extra={"limit": limit})
            if chunk:
                await port.ask(WriteArtifact(handle, chunk))
            if not message["more_body"]:
                return
