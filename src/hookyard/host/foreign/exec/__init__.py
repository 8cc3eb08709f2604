"""Plugins that are any executable: what they say of themselves, and how they are started.

The protocol is in `docs/reference/exec-protocol.md`.
"""

from hookyard.host.foreign.exec.describe import describe
from hookyard.host.foreign.exec.launch import ExecLaunch

__all__ = ["ExecLaunch", "describe"]
