"""What a running command, or a hook, is handed."""

from hookyard.context.cancel import CancelFlag
from hookyard.context.facade import Context, SyncContext
from hookyard.context.hook import HookContext
from hookyard.context.job import JobInfo
from hookyard.context.logger import Logger

__all__ = ["CancelFlag", "Context", "HookContext", "JobInfo", "Logger", "SyncContext"]
