"""What the dispatcher asks of a runner."""

from collections.abc import Coroutine
from typing import Any, Protocol

from msgspec import Struct

from hookyard import log
from hookyard.context import CancelFlag, JobInfo, Logger
from hookyard.errors import AttemptTimedOut
from hookyard.host.registry import Command

__all__ = ["AttemptTimedOut", "CancelFlag", "Runner", "job_log"]

_log = log.get("plugin")


class Runner(Protocol):
    """Runs one attempt of one job."""

    def run(
        self, command: Command, data: Struct, info: JobInfo, cancel: CancelFlag, timeout: int
    ) -> Coroutine[Any, Any, bytes]:
        """The command's answer as checked JSON.

        Args:
            command: what to run.
            data: its input.
            info: what the command may know of its job.
            cancel: the flag the command looks at; set here when the time is up.
            timeout: milliseconds this attempt may take.

        Raises:
            AttemptTimedOut: it took longer; a late answer is dropped.
            InvalidOutput: its answer is not of the declared type.
            CommandCrashed: it raised SystemExit, KeyboardInterrupt or the like.
            asyncio.CancelledError: the calling task was cancelled, and the command with it.
            Exception: whatever else the command raised, unchanged.
        """
        ...

    async def aclose(self) -> None:
        """Free what the runner holds; what still runs is left to itself."""
        ...


def job_log(info: JobInfo) -> Logger:
    """The logger a command gets as `ctx.log`."""
    bound: Logger = _log.bind(
        job_id=info.id,
        request_id=info.request_id,
        command=f"{info.plugin}/{info.command}",
        attempt=info.attempt,
    )
    return bound
