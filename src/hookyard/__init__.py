"""The plugin author's API, and nothing else."""

from hookyard.command import Retry
from hookyard.context import Context, HookContext, JobInfo, Logger, SyncContext
from hookyard.errors import Cancelled, CommandError, DeclarationError, RetryLater
from hookyard.hookspecs import JobFinished
from hookyard.plugin import API_VERSION, Plugin

__all__ = [
    "API_VERSION",
    "Cancelled",
    "CommandError",
    "Context",
    "DeclarationError",
    "HookContext",
    "JobFinished",
    "JobInfo",
    "Logger",
    "Plugin",
    "Retry",
    "RetryLater",
    "SyncContext",
]
