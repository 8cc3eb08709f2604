"""One job that runs here, as the rest of the dispatcher sees it."""

import asyncio

from msgspec import Struct
from msgspec.structs import replace

from hookyard.context import JobInfo
from hookyard.context.port import Port
from hookyard.host.registry import Command
from hookyard.model import Job
from hookyard.runners import CancelFlag


class Running:
    """A leased job, from its start until its end is on disk; to a runner it is its Call.

    Attributes:
        token: of the lease, for the fence.
        since: when the attempt began.
        cancel: the flag the command looks at.
        cancel_requested: somebody cancelled the job.
        released: the process must end, and the job goes back to the queue.
        stale: the lease is somebody else's now; nothing may be written down.
        settling: the command is through, and its end is being written.
        data, info, timeout: what a runner is told of it, once it has begun.
    """

    __slots__ = (
        "_begun", "_job", "cancel", "cancel_requested", "command", "data", "info", "number", "released", "settling",
        "since", "stale", "task", "timeout", "token",
    )  # fmt: skip

    data: Struct
    info: JobInfo
    timeout: int

    def __init__(self, job: Job, command: Command, token: int, number: int, since: int) -> None:
        self._job = job
        self._begun = False
        self.command = command
        self.token = token
        self.number = number
        self.since = since
        self.cancel = CancelFlag()
        self.cancel_requested = False
        self.released = False
        self.stale = False
        self.settling = False
        self.task: asyncio.Task[None] | None = None

    @property
    def request_id(self) -> str:
        """Of the request that made the job."""
        return self._job.request_id

    @property
    def args(self) -> bytes:
        """The job's input as JSON, verbatim."""
        return self._job.args

    def port(self) -> Port:
        """The host's side of this attempt."""
        raise NotImplementedError

    def begin(self, worker: str) -> Job:
        """The job as the store has it during this attempt."""
        self._begun = True
        if self._job.status == "running":  # as a claim returned it
            return self._job
        return replace(
            self._job,
            status="running",
            attempt=self.number,
            started_at=self.since,
            lease_token=self.token,
            worker=worker,
        )

    def stop(self) -> None:
        """Tell the command to stop, by its flag and, where it awaits something, by cancelling that."""
        self.cancel.set()
        # A task that has not begun would never see its own cancellation, and an end that is being written must be.
        if self.task is not None and self._begun and not self.settling:
            self.task.cancel()

    def release(self) -> None:
        """Stop, and give the job back to the queue."""
        self.released = True
        self.stop()
