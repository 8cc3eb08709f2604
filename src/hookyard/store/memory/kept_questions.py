"""The questions to the model that are not about single jobs."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from msgspec.structs import replace

from hookyard.model import Inbound, Item, Job, LaneDepth, Pause, Schedule, Token, WorkerRecord
from hookyard.store.contract import AuditFound, AuditQuery, KeyedJob
from hookyard.store.memory import items
from hookyard.store.memory.data import Data
from hookyard.store.memory.waiting import is_doomed
from hookyard.store.memory.whole import whole


class KeptQuestions:
    """A part of :class:`hookyard.store.memory.MemoryStore`."""

    def __init__(self) -> None:
        self._data = Data()
        self.between = Lock()

    @whole
    async def inbound(self, job_id: str) -> Inbound | None:
        """See the contract, as all of these."""
        return self._data.inbound.get(job_id)

    @whole
    async def keyed(self, scope: str, key: str, now: int) -> tuple[KeyedJob, ...]:
        """See the contract."""
        found = ((name, self._data.keys[name]) for name in self._data.keys_of(scope, key))
        live = ((name[1], job, kept) for name, (kept, job) in found if kept.expires_at > now)
        return tuple(KeyedJob(key, job, kept.expires_at, kept.digest) for key, job, kept in live)

    @whole
    async def artifact_bytes(self) -> int:
        """See the contract."""
        return self._data.told.artifact_bytes()

    @whole
    async def items(self, job_id: str, *, after: str = "", limit: int = 200) -> tuple[Item, ...]:
        """See the contract."""
        return items.page(self._data, job_id, after, limit)

    @whole
    async def items_told(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[Item, ...]:
        """See the contract."""
        return items.told(self._data, job_id, after, limit)

    @whole
    async def doomed(self, *, limit: int = 100) -> tuple[Job, ...]:
        """See the contract."""
        jobs = self._data.jobs.values()
        found = sorted((job for job in jobs if is_doomed(self._data, job)), key=lambda job: job.id)
        return tuple(replace(job, args=b"", result=None) for job in found[:limit])

    @whole
    async def held(self, prefix: str, *, limit: int = 100) -> Mapping[str, tuple[str, ...]]:
        """See the contract."""
        jobs = self._data.jobs.values()
        running = [job for job in jobs if job.status == "running" and (job.worker or "").startswith(prefix)]
        found: dict[str, list[str]] = {}
        for job in sorted(running, key=lambda job: (job.lease_expires_at or 0, job.id)):
            found.setdefault(job.worker or "", []).append(job.id)
        return {worker: tuple(ids[:limit]) for worker, ids in found.items()}

    @whole
    async def depths(self) -> tuple[LaneDepth, ...]:
        """See the contract."""
        jobs = self._data.jobs.values()
        count = Counter((job.lane, job.status) for job in jobs if job.status in {"queued", "running"})
        lanes = sorted({lane for lane, _ in count})
        return tuple(LaneDepth(lane, count[lane, "queued"], count[lane, "running"]) for lane in lanes)

    @whole
    async def pauses(self) -> tuple[Pause, ...]:
        """See the contract."""
        return tuple(pause for _, pause in sorted(self._data.kept.pauses.items()))

    @whole
    async def workers(self) -> tuple[WorkerRecord, ...]:
        """See the contract."""
        known = self._data.kept.workers
        return tuple(known[at] for at in sorted(known, key=lambda at: (-known[at].last_contact, at)))

    @whole
    async def tokens(self) -> tuple[Token, ...]:
        """See the contract."""
        return tuple(token for _, token in sorted(self._data.kept.tokens.items()))

    @whole
    async def schedules(self) -> tuple[Schedule, ...]:
        """See the contract."""
        return tuple(schedule for _, schedule in sorted(self._data.kept.schedules.items()))

    @whole
    async def audit(self, query: AuditQuery) -> AuditFound:
        """See the contract."""
        return self._data.kept.audit_page(query)
