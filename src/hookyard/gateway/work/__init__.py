"""`/api/v1/work` and `/api/v1/workers`: external workers, in any language."""

from litestar.handlers import HTTPRouteHandler

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.work.blobs import WorkArtifacts
from hookyard.gateway.work.calls import WorkCalls
from hookyard.gateway.work.claim import WorkClaims
from hookyard.gateway.work.workers import Workers

__all__ = ["work_handlers"]


def work_handlers(deps: GatewayDeps) -> list[HTTPRouteHandler]:
    """Return the routes."""
    return [
        *WorkClaims(deps).handlers(),
        *WorkCalls(deps).handlers(),
        *WorkArtifacts(deps).handlers(),
        *Workers(deps).handlers(),
    ]
