"""What the dispatcher asks of a runner."""

from collections.abc import Coroutine
from typing import Any, Protocol

from msgspec import Struct

from hookyard.context import CancelFlag, JobInfo
from hookyard.context.port import Port
from hookyard.errors import AttemptTimedOut
from hookyard.host.registry import Command

__all__ = ["AttemptTimedOut", "Call", "CancelFlag", "Runner"]


class Call(Protocol):
    """One attempt of one job, as a runner sees it."""

    @property
    def command(self) -> Command:
        """What to run."""
        ...

    @property
    def args(self) -> bytes:
        """The input as JSON, verbatim."""
        ...

    @property
    def data(self) -> Struct:
        """The input, decoded."""
        ...

    @property
    def info(self) -> JobInfo:
        """What the command may know of its job."""
        ...

    @property
    def cancel(self) -> CancelFlag:
        """The flag the command looks at; the runner sets it when the time is up, others when the job is cancelled."""
        ...

    @property
    def timeout(self) -> int:
        """Milliseconds this attempt may take."""
        ...

    def port(self) -> Port:
        """The host's side of the attempt, made on first use; the same one every time."""
        ...


class Runner(Protocol):
    """Runs one attempt of one job."""

    def run(self, call: Call) -> Coroutine[Any, Any, bytes]:
        """The command's answer as checked JSON.

        Raises:
            AttemptTimedOut: it took longer; a late answer is dropped.
            InvalidOutput: its answer is not of the declared type.
            CommandCrashed: it raised SystemExit, KeyboardInterrupt or the like.
            PluginFailed: its process could not be started, died, or broke its protocol.
            asyncio.CancelledError: the calling task was cancelled, and the command with it.
            Exception: whatever else the command raised, unchanged.
        """
        ...

    async def aclose(self) -> None:
        """Free what the runner holds; processes are ended, what runs in a thread is left to itself."""
        ...
