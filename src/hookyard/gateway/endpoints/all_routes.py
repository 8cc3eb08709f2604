"""All routes of endpoints."""

from litestar.handlers import HTTPRouteHandler

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.recovery import RecoveryRoutes
from hookyard.gateway.endpoints.routes import EndpointRoutes
from hookyard.gateway.endpoints.sample import SampleRoute
from hookyard.gateway.endpoints.stats import EndpointStatsRoute


def endpoint_handlers(deps: GatewayDeps) -> list[HTTPRouteHandler]:
    """Return them."""
    access = EndpointAccess(deps)
    return [
        *EndpointRoutes(deps, access).handlers(),
        *EndpointStatsRoute(deps, access).handlers(),
        *SampleRoute(deps, access).handlers(),
        *RecoveryRoutes(deps, access).handlers(),
    ]
