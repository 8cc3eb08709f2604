"""The store itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hookyard.model import (
    Artifact,
    Attempt,
    Backlog,
    Delivery,
    DeliveryAttempt,
    Endpoint,
    EndpointAttempt,
    Event,
    Inbound,
    Item,
    Job,
    LaneDepth,
    LogLine,
    Pause,
    Schedule,
    StateEntry,
    Token,
    WorkerRecord,
)
from hookyard.store.contract.base import Op, Result
from hookyard.store.contract.questions import (
    AuditFound,
    AuditQuery,
    DeliveriesFound,
    DeliveryQuery,
    EndedQuery,
    EventQuery,
    JobQuery,
    JobsFound,
    KeyedJob,
)


class Store(Protocol):
    """What every store does. `apply` and `close` are called from one thread only, the coalescer's.

    The questions are asked from the thread of the event loop meanwhile; each sees all of a batch or nothing of it.
    """

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """Apply a batch in one transaction; results in the order of `ops`.

        Raises:
            StoreUnavailable: full disk, read-only file, lost connection; nothing was done, and a later call may
                succeed.
        """
        ...

    async def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        ...

    async def jobs(self, query: JobQuery) -> JobsFound:
        """A page of jobs, newest first.

        It costs the same however long the history is: where no index finds what is asked for, only so many rows are
        looked at, and the page may be short or empty with a `next` to go on from.

        Raises:
            StoreUnavailable: that took too long.
        """
        ...

    async def inbound(self, job_id: str) -> Inbound | None:
        """What a sender sent that this job came of; None when there is no such job, or it came otherwise."""
        ...

    async def keyed(self, scope: str, key: str, now: int) -> tuple[KeyedJob, ...]:
        """What an idempotency key stands for, and those that begin with it and a line break; only live ones."""
        ...

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The ended attempts of a job, oldest first."""
        ...

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """The deliveries of a job, oldest first."""
        ...

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """The tries at a delivery, oldest first."""
        ...

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery, or None."""
        ...

    async def find_deliveries(self, query: DeliveryQuery) -> DeliveriesFound:
        """A page of deliveries, newest first; bounded in work as :meth:`jobs` is."""
        ...

    async def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, by name."""
        ...

    async def endpoint_attempts(
        self, endpoint: str, *, epoch: int | None = None, limit: int = 1000
    ) -> tuple[EndpointAttempt, ...]:
        """The tries of the newest so many deliveries of an endpoint; at most twice as many tries.

        The newest delivery's come first, and of each delivery the last one.

        Args:
            endpoint: its name.
            epoch: only of those of its deliveries that are of this epoch, the newest of which are looked at; None: of
                all that had the name.
            limit: how many deliveries.
        """
        ...

    async def backlog(self, endpoint: str, *, epoch: int | None = None) -> Backlog:
        """How many deliveries of an endpoint are open and how many have failed; of one epoch, or of all of its name."""
        ...

    async def ended(self, query: EndedQuery) -> JobsFound:
        """A page of jobs that ended, in the order of ids, with their results, without `args`.

        It is bounded as :meth:`jobs` is. The `next` of the page is the id to go on after.
        """
        ...

    async def children(self, job_id: str, *, limit: int = 200) -> tuple[Job, ...]:
        """The jobs that a job's command called for, oldest first; `args` and `result` are left empty."""
        ...

    async def log_lines(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[LogLine, ...]:
        """The lines of a job's log with a number greater than `after`, oldest first."""
        ...

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """A page of events, newest first, or, after a cursor, the oldest first."""
        ...

    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """What a plugin keeps under a key; None when nothing, or no longer."""
        ...

    async def states(
        self, plugin: str, *, prefix: str = "", after: str = "", limit: int = 200
    ) -> tuple[StateEntry, ...]:
        """What a plugin keeps under keys that begin with `prefix` and are greater than `after`, in their order."""
        ...

    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """The artifacts of a job, by name."""
        ...

    async def artifact_bytes(self) -> int:
        """The sizes of all artifacts together; walks through all of them, for a start."""
        ...

    async def items(self, job_id: str, *, after: str = "", limit: int = 200) -> tuple[Item, ...]:
        """The partial results of a job with a name greater than `after`, by name."""
        ...

    async def items_told(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[Item, ...]:
        """The partial results of a job with a number greater than `after`, by number."""
        ...

    async def doomed(self, *, limit: int = 100) -> tuple[Job, ...]:
        """Queued jobs that wait for one that ended without success, or is gone; without `args`."""
        ...

    async def depths(self) -> tuple[LaneDepth, ...]:
        """How many jobs of each lane are queued and running, for lanes that have any; from kept counters."""
        ...

    async def pauses(self) -> tuple[Pause, ...]:
        """The lanes that stand still."""
        ...

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The external workers known, the one with the last contact first."""
        ...

    async def tokens(self) -> tuple[Token, ...]:
        """All tokens, oldest first."""
        ...

    async def schedules(self) -> tuple[Schedule, ...]:
        """All schedules, by name."""
        ...

    async def audit(self, query: AuditQuery) -> AuditFound:
        """A page of the audit log, newest first; bounded in work as :meth:`jobs` is."""
        ...

    async def lost(self, now: int, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Running jobs whose lease has ended at `now`, or, of `worker`, all running jobs whatever their lease.

        The lease that ended first comes first, then the order of ids; `args` and `result` are left empty.
        """
        ...

    async def held(self, prefix: str, *, limit: int = 100) -> Mapping[str, tuple[str, ...]]:
        """The ids of running jobs by the worker that holds them, of workers whose name begins with `prefix`.

        At most `limit` of each; the lease that ends first comes first, then the order of ids.
        """
        ...

    async def last_id(self) -> str | None:
        """The largest id in use in any table, so that new ids come after it even when the clock went back."""
        ...

    async def ready(self) -> None:
        """Return when the store answers; raise StoreUnavailable when it does not."""
        ...

    async def aclose(self) -> None:
        """Close the reading side; `close` closes the rest."""
        ...

    def close(self) -> None:
        """Close the writing side and let go of the file."""
        ...
