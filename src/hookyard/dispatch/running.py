"""One job that runs here, as the rest of the dispatcher sees it."""

import asyncio
import threading
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hookyard.context import JobInfo
from hookyard.dispatch.ports import AttemptPort, Ports
from hookyard.dispatch.verdict import Ended
from hookyard.host.registry import Command
from hookyard.model import Job
from hookyard.runners import CancelFlag

_OPENING: Final = threading.Lock()
_CANCELS: Final = 3
_BETWEEN: Final = 0.005
"""Seconds: long enough that each is seen."""


class Running:
    """A leased job, from its start until its end is on disk; to a runner it is its Call.

    Attributes:
        token: of the lease, for the fence.
        since: when the attempt began.
        cancel: the flag the command looks at.
        cancelled: how the job is to end once its command has stopped, if somebody cancelled it.
        killed: the job has ended in the store, and what runs here is to end without being asked.
        released: the process must end, and the job goes back to the queue.
        stale: the lease is somebody else's now; nothing may be written down.
        settling: the command is through, and its end is being written.
        again: once it is through, whether the job is run again.
        data, info, timeout: what a runner is told of it, once it has begun.
        opened: the host's side, if the command has used its context.
    """

    __slots__ = (
        "_begun", "_ports", "again", "cancel", "cancelled", "command", "data", "info", "job", "killed", "number",
        "opened", "released", "settling", "since", "stale", "task", "timeout", "token",
    )  # fmt: skip

    data: Struct
    info: JobInfo
    timeout: int

    def __init__(self, job: Job, command: Command, token: int, number: int, since: int, *, ports: Ports) -> None:
        self.job = job
        self._ports = ports
        self.opened: AttemptPort | None = None
        self._begun = False
        self.command = command
        self.token = token
        self.number = number
        self.since = since
        self.cancel = CancelFlag()
        self.cancelled: Ended | None = None
        self.killed = False
        self.released = False
        self.stale = False
        self.settling = False
        self.again: bool | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def request_id(self) -> str:
        """Of the request that made the job."""
        return self.job.request_id

    @property
    def args(self) -> bytes:
        """The job's input as JSON, verbatim."""
        return self.job.args

    def port(self) -> AttemptPort:
        """The host's side of this attempt, made on first use, from whatever thread that comes."""
        if self.opened is None:
            with _OPENING:
                if self.opened is None:
                    self.opened = self._ports.open(self)
            if self.settling:  # a thread that was left behind
                self.opened.close()
        return self.opened

    @property
    def keeps_children(self) -> bool:
        """Whether the jobs that it waits for go on without it: it is run again, and finds them there."""
        if self.killed:
            return False
        if self.released or self.stale:
            return True
        if self.cancelled is not None or self.again is not None:
            return bool(self.again)
        return self.cancel.is_set() and self.number < self.job.max_attempts  # its time is up

    def begin(self, worker: str) -> Job:
        """The job as the store has it during this attempt."""
        self._begun = True
        if self.job.status != "running":  # as a claim returns it
            # Kept: what is told of its progress is told of a job that runs.
            self.job = replace(
                self.job,
                status="running",
                attempt=self.number,
                started_at=self.since,
                lease_token=self.token,
                worker=worker,
            )
        return self.job

    def ask_to_stop(self) -> None:
        """Tell the command to stop by its flag, and by what it waits for of its context."""
        self.cancel.set()
        if self.opened is not None:
            self.opened.interrupt()

    def stop(self) -> None:
        """Tell the command to stop, by its flag and, where it awaits something, by cancelling that."""
        self.cancel.set()
        # A task that has not begun would never see its own cancellation, and an end that is being written must be.
        if self.task is not None and self._begun and not self.settling:
            self.task.cancel()

    async def end(self) -> None:
        """Have it end without grace: to whoever runs it, being cancelled again means to wait for nothing."""
        self.cancel.set()
        self.released = True  # should it not have begun
        for _ in range(_CANCELS):
            if self.task is None or self.task.done() or self.settling:
                return
            if self._begun:
                self.task.cancel()
            await asyncio.sleep(_BETWEEN)

    def release(self) -> None:
        """Stop, and give the job back to the queue."""
        self.released = True
        self.stop()
