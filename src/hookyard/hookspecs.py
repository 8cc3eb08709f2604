"""The hooks a plugin may implement, and the records they take.

An implementation is a `def` or an `async def` with one of these names; it may leave out parameters that it
does not need. A `def` runs in a thread. Each is awaited, timed and bounded by itself: one that raises or
hangs harms no other.
"""

import pluggy
from msgspec import Struct

from hookyard.context import HookContext
from hookyard.model import ErrorInfo, Reason, TerminalStatus

PROJECT = "hookyard"
hookspec = pluggy.HookspecMarker(PROJECT)


class JobFinished(Struct, frozen=True, kw_only=True):
    """A job has reached a terminal state, and that is on disk."""

    job_id: str
    plugin: str
    command: str
    status: TerminalStatus
    reason: Reason | None = None
    attempt: int = 1
    """How many attempts it took."""
    error: ErrorInfo | None = None
    submitted_at: int = 0
    """Times are milliseconds since 1970-01-01 UTC."""
    started_at: int | None = None
    completed_at: int | None = None
    principal: str = ""
    source: str | None = None
    request_id: str = ""
    tags: tuple[str, ...] = ()


class HookSpecs:
    """The names and parameters, in the form pluggy checks implementations against."""

    @hookspec
    def startup(self, ctx: HookContext[object]) -> None:
        """The server is about to take its first request."""

    @hookspec
    def shutdown(self, ctx: HookContext[object]) -> None:
        """The server has drained and is about to end."""

    @hookspec
    def job_finished(self, event: JobFinished, ctx: HookContext[object]) -> None:
        """A job of any plugin is over."""
