"""`/api/v1/tokens`: bearer tokens of the store."""

from hookyard.gateway.tokens.routes import TokenRoutes

__all__ = ["TokenRoutes"]
