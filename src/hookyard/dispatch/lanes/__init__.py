"""Lanes: how many jobs of each may run and start here, which have something waiting, and which stand still."""

from hookyard.dispatch.lanes.breaker import CircuitBreaker
from hookyard.dispatch.lanes.control import LaneControl
from hookyard.dispatch.lanes.lane import Group, Lane
from hookyard.dispatch.lanes.state import BreakerInfo, GroupState, LaneState
from hookyard.dispatch.lanes.table import MOST_LANES, Lanes
from hookyard.pacing import Bucket

__all__ = [
    "MOST_LANES",
    "BreakerInfo",
    "Bucket",
    "CircuitBreaker",
    "Group",
    "GroupState",
    "Lane",
    "LaneControl",
    "LaneState",
    "Lanes",
]
