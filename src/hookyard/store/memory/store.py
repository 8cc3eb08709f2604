"""The model as a store."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from hookyard.model import Artifact, Attempt, Delivery, DeliveryAttempt, Event, Job, LogLine, StateEntry
from hookyard.store.contract import EventQuery, JobQuery, JobsFound, Op, Result
from hookyard.store.memory import listing
from hookyard.store.memory.apply import apply
from hookyard.store.memory.delivery_questions import DeliveryQuestions
from hookyard.store.memory.whole import whole


class MemoryStore(DeliveryQuestions):
    """A :class:`hookyard.store.contract.Store` that lives as long as the process."""

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """See the contract."""
        with self.between:
            return [apply(self._data, op) for op in ops]

    # --- questions ---

    @whole
    async def job(self, job_id: str) -> Job | None:
        """See the contract, as all of these."""
        return self._data.jobs.get(job_id)

    @whole
    async def jobs(self, query: JobQuery) -> JobsFound:
        """See the contract."""
        return listing.page(self._data.jobs.values(), query)

    @whole
    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """See the contract."""
        return tuple(self._data.attempts.get(job_id, ()))

    @whole
    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """See the contract."""
        return tuple(
            sorted((one for one in self._data.deliveries.values() if one.job_id == job_id), key=lambda one: one.id)
        )

    @whole
    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """See the contract."""
        return tuple(self._data.tries.get(delivery_id, ()))

    @whole
    async def children(self, job_id: str, *, limit: int = 200) -> tuple[Job, ...]:
        """See the contract."""
        found = sorted((job for job in self._data.jobs.values() if job.parent == job_id), key=lambda job: job.id)
        return tuple(replace(job, args=b"", result=None) for job in found[:limit])

    @whole
    async def log_lines(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[LogLine, ...]:
        """See the contract."""
        return self._data.told.lines(job_id, after, limit)

    @whole
    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """See the contract."""
        return self._data.told.events(query)

    @whole
    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """See the contract."""
        return self._data.told.state(plugin, key)

    @whole
    async def states(
        self, plugin: str, *, prefix: str = "", after: str = "", limit: int = 200
    ) -> tuple[StateEntry, ...]:
        """See the contract."""
        return self._data.told.states(plugin, prefix, after, limit)

    @whole
    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """See the contract."""
        return self._data.told.artifacts(job_id)

    @whole
    async def lost(self, now: int, *, worker: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """See the contract."""
        running = [
            (cast("int", job.lease_expires_at), job.id) for job in self._data.jobs.values() if job.status == "running"
        ]
        jobs = [(self._data.jobs[job_id], end) for end, job_id in sorted(running)]
        lost = [job for job, end in jobs if (end <= now if worker is None else job.worker == worker)]
        return tuple(replace(job, args=b"", result=None) for job in lost[:limit])

    @whole
    async def last_id(self) -> str | None:
        """See the contract."""
        ids_in_use = (*self._data.jobs, *self._data.deliveries, *self._data.told.event_ids(), *self._data.kept.ids())
        return max(ids_in_use, default=None)

    async def ready(self) -> None:
        """See the contract."""

    async def aclose(self) -> None:
        """See the contract."""

    def close(self) -> None:
        """See the contract."""
