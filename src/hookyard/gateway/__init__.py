"""The gateway: the only room that speaks HTTP to callers, and the only one that knows Litestar."""

from hookyard.gateway.app import Gateway, build
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.readiness import Readiness
from hookyard.gateway.tables import Tables

__all__ = ["Gateway", "GatewayDeps", "Readiness", "Tables", "build"]
