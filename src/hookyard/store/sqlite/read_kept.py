"""Questions about what is kept beside single jobs."""

from typing import cast

from hookyard.model import Inbound, Item, Pause, Schedule, Token, WorkerRecord
from hookyard.store.contract import KeyedJob
from hookyard.store.sqlite import codec_inbound, codec_kept, statements
from hookyard.store.sqlite.asking import Asking
from hookyard.store.sqlite.codec import numbers

_ACCESS, _LANES = statements.load("access"), statements.load("lanes")
_SCHEDULES, _ITEMS, _INBOUND = (statements.load(name) for name in ("schedules", "items", "inbound"))


class KeptReader(Asking):
    """Asks for inbound events, tokens, pauses, workers, schedules and items."""

    async def inbound(self, job_id: str) -> Inbound | None:
        """What a job came of."""
        rows = await self.rows(_INBOUND["of_job"], numbers(job_id))
        return codec_inbound.inbound(rows[0]) if rows else None

    async def keyed(self, scope: str, key: str, now: int) -> tuple[KeyedJob, ...]:
        """What an idempotency key, and those that begin with it, stand for."""
        rows = await self.rows(_INBOUND["keyed"], (scope, *codec_inbound.names_below(key), now))
        return tuple(map(codec_inbound.keyed_job, rows))

    async def artifact_bytes(self) -> int:
        """The sizes of all artifacts."""
        rows = await self.rows(_ITEMS["artifact_bytes"], ())
        return cast("int", rows[0][0])

    async def items(self, job_id: str, *, after: str, limit: int) -> tuple[Item, ...]:
        """The partial results of a job."""
        rows = await self.rows(_ITEMS["items"], (*numbers(job_id), after, limit))
        return tuple(codec_kept.item(job_id, row) for row in rows)

    async def items_told(self, job_id: str, *, after: int, limit: int) -> tuple[Item, ...]:
        """The same, in the order of telling."""
        rows = await self.rows(_ITEMS["items_told"], (*numbers(job_id), after, limit))
        return tuple(codec_kept.item(job_id, row) for row in rows)

    async def pauses(self) -> tuple[Pause, ...]:
        """The lanes that stand still."""
        return tuple(map(codec_kept.pause, await self.rows(_LANES["pauses"], ())))

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The external workers."""
        return tuple(map(codec_kept.worker, await self.rows(_LANES["workers"], ())))

    async def tokens(self) -> tuple[Token, ...]:
        """All tokens."""
        return tuple(map(codec_kept.token, await self.rows(_ACCESS["tokens"], ())))

    async def schedules(self) -> tuple[Schedule, ...]:
        """All schedules."""
        return tuple(map(codec_kept.schedule, await self.rows(_SCHEDULES["schedules"], ())))
