"""What a running command, or a hook, is handed."""

from hookyard.context.artifacts import Artifacts, Sink, SyncArtifacts, SyncSink
from hookyard.context.cancel import CancelFlag
from hookyard.context.events import type_problem as event_type_problem
from hookyard.context.facade import Context, SyncContext
from hookyard.context.hook import HookContext
from hookyard.context.job import JobInfo
from hookyard.context.logger import JobLogger, Logger
from hookyard.context.secrets import Secrets, SyncSecrets
from hookyard.context.state import Entry, State, SyncState
from hookyard.context.values import Encodable

__all__ = [
    "Artifacts",
    "CancelFlag",
    "Context",
    "Encodable",
    "Entry",
    "HookContext",
    "JobInfo",
    "JobLogger",
    "Logger",
    "Secrets",
    "Sink",
    "State",
    "SyncArtifacts",
    "SyncContext",
    "SyncSecrets",
    "SyncSink",
    "SyncState",
    "event_type_problem",
]
