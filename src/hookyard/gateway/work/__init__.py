"""`/api/v1/work` and `/api/v1/workers`: external workers, in any language."""

from litestar.handlers import HTTPRouteHandler

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.work.blobs import WorkArtifacts
from hookyard.gateway.work.calls import WorkCalls
from hookyard.gateway.work.claim import WorkClaims
from hookyard.gateway.work.workers import Workers

__all__ = ["work_handlers"]


def work_handlers(deps: GatewayDeps) -> list[HTTPRouteHandler]:
    """Return the routes, if there is work to be given out."""
    if deps.work is None:
        return []
    return [
        *WorkClaims(deps, deps.work).handlers(),
        *WorkCalls(deps, deps.work).handlers(),
        *WorkArtifacts(deps, deps.work).handlers(),
        *Workers(deps, deps.work).handlers(),
    ]
