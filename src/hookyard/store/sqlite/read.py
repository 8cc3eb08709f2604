"""The read side: the questions of the contract."""

from collections.abc import Mapping
from typing import Final, cast

from hookyard import ids
from hookyard.model import Artifact, Attempt, Delivery, DeliveryAttempt, Event, Job, LogLine, StateEntry
from hookyard.store.contract import EventQuery
from hookyard.store.sqlite import codec, codec_told, statements
from hookyard.store.sqlite.codec import DeliveryRow, JobRow, numbers
from hookyard.store.sqlite.codec_told import EventRow
from hookyard.store.sqlite.delivery_lists import DeliveryReader
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.lists import Lists
from hookyard.store.sqlite.read_kept import KeptReader

_SQL = statements.load("queries")
_EVENTS = statements.load("events")
_STATE = statements.load("state")
_NEWEST: Final = 1 << 60
"""Greater than any key: the cursor of a first page."""


class Reader(KeptReader, DeliveryReader, Lists):
    """Asks the questions of the contract; use from the event loop that opened it."""

    async def job(self, job_id: str) -> Job | None:
        """See :class:`hookyard.store.contract.Store`, as all of these."""
        rows = await self.rows(_SQL["job"], numbers(job_id))
        return codec.job(cast("JobRow", rows[0])) if rows else None

    async def doomed(self, *, limit: int) -> tuple[Job, ...]:
        """Jobs that wait in vain."""
        rows = await self.rows(_SQL["doomed"], (limit,))
        return tuple(codec.job(row) for row in cast("list[JobRow]", rows))

    async def running(self) -> dict[str, int]:
        """How many jobs run in each lane."""
        return dict(cast("list[tuple[str, int]]", await self.rows(_SQL["running"], ())))

    async def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The attempts of a job."""
        return tuple(codec.attempt(job_id, row) for row in await self.rows(_SQL["attempts"], numbers(job_id)))

    async def deliveries(self, job_id: str) -> tuple[Delivery, ...]:
        """The deliveries of a job."""
        rows = await self.rows(_SQL["deliveries"], numbers(job_id))
        return tuple(codec.delivery(row) for row in cast("list[DeliveryRow]", rows))

    async def delivery_attempts(self, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
        """The tries at a delivery."""
        rows = await self.rows(_SQL["delivery_attempts"], numbers(delivery_id))
        return tuple(codec.delivery_attempt(delivery_id, row) for row in rows)

    async def children(self, job_id: str, *, limit: int) -> tuple[Job, ...]:
        """The jobs that a job called for."""
        rows = await self.rows(_SQL["children"], (job_id, limit))
        return tuple(codec.job(row) for row in cast("list[JobRow]", rows))

    async def log_lines(self, job_id: str, *, after: int, limit: int) -> tuple[LogLine, ...]:
        """The lines of a job's log."""
        rows = await self.rows(_SQL["log_lines"], (*numbers(job_id), after, limit))
        return tuple(codec_told.line(job_id, row) for row in rows)

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """A page of events."""
        name = "events"
        key = tail = None
        if query.job_id is not None:
            name, (key, tail) = "events_of_job", numbers(query.job_id)
        elif query.tenant:
            name = "events_of_tenant"
        elif query.type is not None:
            name = "events_of_type"
        elif query.plugin is not None:
            name = "events_of_plugin"
        place = _NEWEST if query.before is None else ids.key(query.before)
        if query.after is not None:
            name, place = f"{name}_after", ids.key(query.after)
        asked = (query.type, query.plugin, query.tenant)
        rows = await self.rows(_EVENTS[name], (place, key, tail, *asked, query.limit))
        return tuple(codec_told.event(row) for row in cast("list[EventRow]", rows))

    async def state(self, plugin: str, key: str) -> StateEntry | None:
        """What a plugin keeps under a key."""
        rows = await self.rows(_STATE["state"], (plugin, key))
        return codec_told.state(rows[0]) if rows else None

    async def states(self, plugin: str, *, prefix: str, after: str, limit: int) -> tuple[StateEntry, ...]:
        """What a plugin keeps under keys that begin so."""
        rows = await self.rows(_STATE["states"], (plugin, prefix, _beyond(prefix), after, limit))
        return tuple(codec_told.state(row) for row in rows)

    async def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """The artifacts of a job."""
        return tuple(codec_told.artifact(job_id, row) for row in await self.rows(_SQL["artifacts"], numbers(job_id)))

    async def lost(self, now: int, *, worker: str | None, limit: int) -> tuple[Job, ...]:
        """Running jobs that nobody works on."""
        if worker is None:
            rows = await self.rows(_SQL["lost"], (now, limit))
        else:
            rows = await self.rows(_SQL["running_of"], (worker, limit))
        return tuple(codec.job(row) for row in cast("list[JobRow]", rows))

    async def held(self, prefix: str, *, limit: int) -> Mapping[str, tuple[str, ...]]:
        """The ids of running jobs by worker."""
        found: dict[str, list[str]] = {}
        rows = await self.rows(_SQL["held"], (prefix, _beyond(prefix)))
        for worker, key, tail in cast("list[tuple[str, int, int]]", rows):
            of_worker = found.setdefault(worker, [])
            if len(of_worker) < limit:
                of_worker.append(ids.join(key, tail))
        return {worker: tuple(of_worker) for worker, of_worker in found.items()}

    async def last_id(self) -> str | None:
        """The largest id."""
        rows = await self.rows(_SQL["last_id"], ())
        return ids.join(*cast("tuple[int, int]", rows[0])) if rows else None

    async def ready(self) -> None:
        """Nothing, if the file answers."""
        await self.rows(_SQL["ready"], ())


def _beyond(prefix: str) -> Value:
    """The first text after all those that begin so; where there is none an empty blob, greater than any text."""
    kept = prefix.rstrip(chr(0x10FFFF))
    if not kept:
        return b""
    following = ord(kept[-1]) + 1
    # Surrogates are no characters: UTF-8 goes on behind them.
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # noqa: PLR2004
