"""What workers ask for, and what they get."""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from hookyard.context.messages import LogNote
from hookyard.host.registry import Command
from hookyard.model import Item, Job, Progress


class WorkAsk(Struct, frozen=True, kw_only=True):
    """A worker that wants jobs."""

    worker: str
    """As it calls itself."""
    principal: str
    tenant: str = ""
    """Only jobs of this tenant; empty: of all."""
    lanes: tuple[str, ...]
    """Those that it may and wants to work on."""
    count: int = 1
    """How many jobs at most."""
    lease: int | None = None
    """Milliseconds that it may stay silent; None: what the command says."""
    affinity: tuple[str, ...] = ()
    """What it has loaded."""

    @property
    def holder(self) -> str:
        """The name under which it holds leases."""
        return holder(self.principal, self.worker)


HOLDER: Final = "work:"
"""How the names begin under which external workers hold leases."""


def holder(principal: str, worker: str) -> str:
    """The name under which a principal's worker holds leases."""
    return f"{HOLDER}{principal}/{worker}"


class Given(Struct, frozen=True):
    """A job that a worker holds now."""

    job: Job
    command: Command
    token: int
    expires_at: int
    deadline: int
    """When its time is up, whatever its heartbeats say."""


class Extension(Struct, frozen=True, kw_only=True):
    """A heartbeat, and what is told with it."""

    longer: int | None = None
    """Milliseconds from now; None: as long as the command says."""
    progress: Progress | None = None
    items: tuple[Item, ...] = ()
    lines: tuple[LogNote, ...] = ()
    """For the job's log."""


class Counts(Struct, frozen=True):
    """What a heartbeat is answered."""

    expires_at: int
    cancel_requested: bool
    deadline: int
    done: int
    """Items done."""
    failed: int
    """Items failed."""
    total: float | None
    """Of how many, if the worker has said so."""


@dataclass(frozen=True, slots=True)
class HeldAttempt:
    """An attempt that goes on elsewhere, for what the house offers to attempts."""

    job: Job
    command: Command
    token: int
    keeps_children: bool = False
    """It calls no other commands."""

    @property
    def number(self) -> int:
        """Counted from 1."""
        return self.job.attempt
