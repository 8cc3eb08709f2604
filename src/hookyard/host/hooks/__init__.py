"""The typed asynchronous facade over pluggy: what the rest of the house calls hooks through."""

from hookyard.host.hooks.facade import Change, Hooks
from hookyard.host.hooks.records import HookRecord, HookResult

__all__ = ["Change", "HookRecord", "HookResult", "Hooks"]
