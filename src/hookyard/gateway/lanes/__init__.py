"""`/api/v1/lanes`: how full the lanes are, and pausing and resuming them."""

from hookyard.gateway.lanes.routes import LaneRoutes

__all__ = ["LaneRoutes"]
