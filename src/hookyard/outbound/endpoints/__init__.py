"""The endpoints: who is told of what, prepared so that no work is left for a delivery, and how they are changed."""

from hookyard.outbound.endpoints.bring_forward import BringForward
from hookyard.outbound.endpoints.check import unsigned_type
from hookyard.outbound.endpoints.dead_letters import DeadLetters
from hookyard.outbound.endpoints.encryption import Encryption
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.outbound.endpoints.entry import Entry
from hookyard.outbound.endpoints.health import EndpointHealth, EndpointStore
from hookyard.outbound.endpoints.making import Maker
from hookyard.outbound.endpoints.manage import Made, Manager
from hookyard.outbound.endpoints.recent_dead import RecentDead
from hookyard.outbound.endpoints.telling import Telling
from hookyard.outbound.endpoints.told import Told

__all__ = [
    "BringForward",
    "DeadLetters",
    "Encryption",
    "EndpointHealth",
    "EndpointStore",
    "Endpoints",
    "Entry",
    "Made",
    "Maker",
    "Manager",
    "RecentDead",
    "Telling",
    "Told",
    "unsigned_type",
]
