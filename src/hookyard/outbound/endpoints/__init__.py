"""The endpoints: who is told of what, prepared so that no work is left for a delivery, and how they are changed."""

from hookyard.outbound.endpoints.legacy import Endpoints, Route

__all__ = ["Endpoints", "Route"]
