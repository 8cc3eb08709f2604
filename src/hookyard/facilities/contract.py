"""What the facilities ask of the dispatcher, which knows nothing of them."""

from typing import Protocol

from hookyard.dispatch.intake import Accepted
from hookyard.dispatch.new_job import NewJob
from hookyard.host.registry import Command
from hookyard.model import Job, Progress


class Attempt(Protocol):
    """An attempt that runs."""

    @property
    def job(self) -> Job:
        """The job as it was stored."""
        ...

    @property
    def token(self) -> int:
        """Of its lease."""
        ...

    @property
    def number(self) -> int:
        """Counted from 1."""
        ...

    @property
    def command(self) -> Command:
        """What runs."""
        ...

    @property
    def keeps_children(self) -> bool:
        """Whether the jobs that it waits for should go on without it: the job is to be run again."""
        ...


class Jobs(Protocol):
    """Where jobs are stored and run."""

    async def accept(self, new: NewJob) -> Accepted:
        """Store a job; see :meth:`hookyard.dispatch.intake.Intake.accept`."""
        ...

    async def follow(self, job_id: str) -> Job:
        """The job once it has ended, however long that takes."""
        ...

    async def cancel(self, job_id: str) -> object:
        """Cancel a job, queued or running."""
        ...

    def progressed(self, job: Job, progress: Progress) -> None:
        """How far a job is has been stored."""
        ...
