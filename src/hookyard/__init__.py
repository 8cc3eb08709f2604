"""The plugin author's API, and nothing else."""

from hookyard.command import Retry
from hookyard.context import Context, HookContext, JobInfo, Logger, SyncContext
from hookyard.errors import Cancelled, CommandError, DeclarationError, RetryLater
from hookyard.hookspecs import (
    AccessQuestion,
    CliCommand,
    Credentials,
    DeliveryFinished,
    EventEmitted,
    HealthReport,
    Identity,
    InboundEvent,
    JobFinished,
    JobStarted,
    Proceed,
    ProceedSync,
    Ran,
    SecretReference,
    WebhookRequest,
    WebhookVerdict,
)
from hookyard.plugin import API_VERSION, Plugin

__all__ = [
    "API_VERSION",
    "AccessQuestion",
    "Cancelled",
    "CliCommand",
    "CommandError",
    "Context",
    "Credentials",
    "DeclarationError",
    "DeliveryFinished",
    "EventEmitted",
    "HealthReport",
    "HookContext",
    "Identity",
    "InboundEvent",
    "JobFinished",
    "JobInfo",
    "JobStarted",
    "Logger",
    "Plugin",
    "Proceed",
    "ProceedSync",
    "Ran",
    "Retry",
    "RetryLater",
    "SecretReference",
    "SyncContext",
    "WebhookRequest",
    "WebhookVerdict",
]
