"""The nouns of Hookyard as they are stored and sent.

Times are integer milliseconds since 1970-01-01 UTC, ids are UUIDv7 text, bodies are JSON bytes.
"""

from hookyard.model.access import AuditEntry, Token, TokenUse
from hookyard.model.breaker import Breaker, BreakerState
from hookyard.model.deliveries import Delivery, DeliveryAttempt
from hookyard.model.endpoints import MOST_COUNTED, Backlog, DisabledReason, Endpoint, EndpointAttempt
from hookyard.model.inbound import Inbound
from hookyard.model.jobs import Attempt, CallbackEvent, ErrorInfo, Follow, Job, JobFailure, JobOptions, Progress
from hookyard.model.lanes import EVERY_LANE, LaneDepth, Pause, WorkerRecord
from hookyard.model.retry import Retry
from hookyard.model.schedules import FireOutcome, Schedule
from hookyard.model.told import Artifact, Event, Item, ItemStatus, LogLine, StateChange, StateEntry
from hookyard.model.words import (
    HOUSE,
    QUIET_HOUSE_EVENTS,
    TERMINAL,
    YEAR,
    AttemptOutcome,
    DeliveryStatus,
    JobStatus,
    LogLevel,
    Reason,
    TerminalStatus,
    UniquePolicy,
)

__all__ = [
    "EVERY_LANE",
    "HOUSE",
    "MOST_COUNTED",
    "QUIET_HOUSE_EVENTS",
    "TERMINAL",
    "YEAR",
    "Artifact",
    "Attempt",
    "AttemptOutcome",
    "AuditEntry",
    "Backlog",
    "Breaker",
    "BreakerState",
    "CallbackEvent",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryStatus",
    "DisabledReason",
    "Endpoint",
    "EndpointAttempt",
    "ErrorInfo",
    "Event",
    "FireOutcome",
    "Follow",
    "Inbound",
    "Item",
    "ItemStatus",
    "Job",
    "JobFailure",
    "JobOptions",
    "JobStatus",
    "LaneDepth",
    "LogLevel",
    "LogLine",
    "Pause",
    "Progress",
    "Reason",
    "Retry",
    "Schedule",
    "StateChange",
    "StateEntry",
    "TerminalStatus",
    "Token",
    "TokenUse",
    "UniquePolicy",
    "WorkerRecord",
]
