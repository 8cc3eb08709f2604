"""What the gateway asks of the dispatcher."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from hookyard.dispatch.dead_letters import Inputless
from hookyard.dispatch.new_job import NewJob
from hookyard.model import AuditEntry, Job
from hookyard.store.contract import (
    AlreadyTerminal,
    CancelRequested,
    Deleted,
    Done,
    Doomed,
    Enqueued,
    Exhausted,
    LaneFull,
    Mismatch,
    NotFound,
    Occupied,
    StillActive,
    Undelivered,
    Unmet,
)

Stored = Enqueued | Mismatch | LaneFull | Unmet | Occupied
"""What can become of a job that is to be stored."""
Cancelled = Done | CancelRequested | AlreadyTerminal | NotFound
Retried = Done | StillActive | Exhausted | Inputless | Doomed | NotFound
Forgotten = Deleted | StillActive | Undelivered | NotFound


class Watched(Protocol):
    """One job as somebody looks at it."""

    async def changed(self) -> None:
        """Return when something about the job may have changed."""
        ...


class Dispatcher(Protocol):
    """Takes jobs and changes them. Every method raises StoreUnavailable when nothing was done."""

    async def accept(self, new: NewJob) -> Stored:
        """Store a job and return once it is on disk."""
        ...

    async def accept_many(self, news: Sequence[NewJob], *, audit: AuditEntry | None = None) -> Sequence[Stored]:
        """Store jobs in one transaction, each as if it came alone, and an entry of the audit log with them."""
        ...

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """Return the job once it is terminal, or None when it is not by then."""
        ...

    async def cancel(self, job_id: str, *, audit: AuditEntry | None = None) -> Cancelled:
        """Cancel a job: a queued one ends at once, a running one is asked to."""
        ...

    async def kill(self, job_id: str, *, audit: AuditEntry | None = None) -> Cancelled:
        """Cancel a job; a running one ends at once too."""
        ...

    async def retry(self, job_id: str, *, force: bool = False, audit: AuditEntry | None = None) -> Retried:
        """Queue an ended job again."""
        ...

    async def delete(self, job_id: str, *, audit: AuditEntry | None = None) -> Forgotten:
        """Forget an ended job and all that belongs to it."""
        ...

    def watch(self, job_id: str) -> AbstractContextManager[Watched]:
        """Look at a job for as long as the context is open."""
        ...
