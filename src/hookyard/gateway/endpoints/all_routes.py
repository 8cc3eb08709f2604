"""All routes of endpoints."""

from litestar.handlers import HTTPRouteHandler

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.recovery import RecoveryRoutes
from hookyard.gateway.endpoints.routes import EndpointRoutes
from hookyard.gateway.endpoints.sample import SampleRoute
from hookyard.gateway.endpoints.stats import EndpointStatsRoute
from hookyard.gateway.endpoints.warning import Commands, Declared


def endpoint_handlers(deps: GatewayDeps, declared: Declared, commands: Commands) -> list[HTTPRouteHandler]:
    """Return them.

    Args:
        deps: what they call.
        declared: gives the types of events that plugins declare at this moment, with the names of the plugins.
        commands: gives the commands that can be called at this moment.
    """
    access = EndpointAccess(deps, declared, commands)
    return [
        *EndpointRoutes(deps, access).handlers(),
        *EndpointStatsRoute(deps, access).handlers(),
        *SampleRoute(deps, access, declared).handlers(),
        *RecoveryRoutes(deps, access).handlers(),
    ]
