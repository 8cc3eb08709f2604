"""The questions to the store that are not about single jobs, handed on to what reads."""

from collections.abc import Mapping

from hookyard.model import Inbound, Item, Job, Pause, Schedule, Token, WorkerRecord
from hookyard.store.contract import AuditFound, AuditQuery, KeyedJob
from hookyard.store.sqlite.read import Reader


class KeptQuestions:
    """A part of :class:`hookyard.store.sqlite.SqliteStore`."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        """What answers questions."""

    async def inbound(self, job_id: str) -> Inbound | None:
        """See the contract, as all of these."""
        return await self.reader.inbound(job_id)

    async def keyed(self, scope: str, key: str, now: int) -> tuple[KeyedJob, ...]:
        """See the contract."""
        return await self.reader.keyed(scope, key, now)

    async def artifact_bytes(self) -> int:
        """See the contract."""
        return await self.reader.artifact_bytes()

    async def items(self, job_id: str, *, after: str = "", limit: int = 200) -> tuple[Item, ...]:
        """See the contract."""
        return await self.reader.items(job_id, after=after, limit=limit)

    async def items_told(self, job_id: str, *, after: int = 0, limit: int = 200) -> tuple[Item, ...]:
        """See the contract."""
        return await self.reader.items_told(job_id, after=after, limit=limit)

    async def doomed(self, *, limit: int = 100) -> tuple[Job, ...]:
        """See the contract."""
        return await self.reader.doomed(limit=limit)

    async def held(self, prefix: str, *, limit: int = 100) -> Mapping[str, tuple[str, ...]]:
        """See the contract."""
        return await self.reader.held(prefix, limit=limit)

    async def pauses(self) -> tuple[Pause, ...]:
        """See the contract."""
        return await self.reader.pauses()

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """See the contract."""
        return await self.reader.workers()

    async def tokens(self) -> tuple[Token, ...]:
        """See the contract."""
        return await self.reader.tokens()

    async def schedules(self) -> tuple[Schedule, ...]:
        """See the contract."""
        return await self.reader.schedules()

    async def audit(self, query: AuditQuery) -> AuditFound:
        """See the contract."""
        return await self.reader.audit(query)
