"""A dispatcher for a test's own plugin, over a store in memory and a clock that stands still."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct, json
from tests.unit.dispatch.lab import PATIENCE, RecordingOutbox

from hookyard import Plugin, ids
from hookyard.config.model import CommandSettings, Config, JobSettings
from hookyard.config.values import Duration
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.dispatch.intake import Accepted
from hookyard.dispatch.new_job import NOTHING_ASKED, Ask, NewJob, make_job
from hookyard.host.bind import bind
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import TERMINAL, DeliveryAttempt, Job
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    ClaimDeliveries,
    DeliveriesClaimed,
    Done,
    Enqueued,
    FinishDelivery,
    JobQuery,
    Lease,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


def registry_of(plugin: Plugin[Any], commands: dict[str, CommandSettings] | None = None) -> Registry:
    """What a server makes of a plugin, with what the configuration says of its commands."""
    config = Config(commands=commands or {})
    return Registry(commands={spec.key: bind(spec, None, None, config) for spec in plugin.commands.values()})


class Plant:
    def __init__(
        self,
        registry: Registry,
        store: MemoryStore,
        last: str | None,
        later: int,
        outbox: Callable[[IdSource], RecordingOutbox],
    ) -> None:
        self.registry = registry
        self.store = store
        self.clock = FakeClock()
        self.ids = IdSource(self.clock, after=0 if last is None else ids.key(last))
        self.writer = Coalescer(self.store, queue=10_000, batch=64)
        self.outbox = outbox(self.ids)
        self.runners = Runners()
        self.dispatcher = Dispatcher(
            store=self.store,
            writer=self.writer,
            registry=registry,
            runners=self.runners,
            settings=JobSettings(lease=Duration(30_000), drain=Duration(0), retry_later_max_age=Duration(later)),
            clock=self.clock,
            outbox=self.outbox,
            ids=self.ids,
            draw=lambda: 0.0,
        )

    def command(self, name: str) -> Command:
        return self.registry.commands[f"lab/{name}"]

    def new(self, name: str, data: Struct, ask: Ask = NOTHING_ASKED, **more: Any) -> NewJob:  # noqa: ANN401  any of make_job's
        given: dict[str, Any] = {"principal": "token:test", "request_id": "request", "job_id": self.ids()}
        args = json.encode(data)
        command = self.command(name)
        given |= {"args": args, "data": command.spec.decode(args), "now": self.clock.now()}
        return make_job(command, ask=ask, **(given | more))

    async def accept(self, name: str, data: Struct, ask: Ask = NOTHING_ASKED, **more: Any) -> Accepted:  # noqa: ANN401  as above
        return await self.dispatcher.accept(self.new(name, data, ask, **more))

    async def submit(self, name: str, data: Struct, ask: Ask = NOTHING_ASKED, **more: Any) -> str:  # noqa: ANN401  as above
        """The id of the job that is stored, or stands for it."""
        outcome = await self.accept(name, data, ask, **more)
        assert isinstance(outcome, Enqueued)
        return outcome.job_id

    async def job(self, job_id: str) -> Job:
        job = await self.store.job(job_id)
        assert job is not None
        return job

    async def jobs(self, **members: Any) -> list[Job]:  # noqa: ANN401  any of a query's
        """The jobs that a query finds, the oldest first."""
        found = await self.store.jobs(JobQuery(**members))
        return [await self.job(job.id) for job in reversed(found.jobs)]

    async def ended(self, job_id: str) -> Job:
        return await self.until(lambda job: job.status in TERMINAL, job_id)

    async def until(self, condition: Callable[[Job], bool], job_id: str) -> Job:
        """The job once it is so; looked at after every turn of the loop."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if condition(job := await self.job(job_id)):
                    return job
                await asyncio.sleep(0)

    async def delivered(self) -> None:
        """Have every webhook taken that is on its way."""
        lease = Lease(1, "courier", self.clock.now() + 1000)
        now = self.clock.now()
        while (
            isinstance(
                claimed := await self.writer.submit(ClaimDeliveries(now=now, limit=100, lease=lease)), DeliveriesClaimed
            )
            and claimed.deliveries
        ):
            for each in claimed.deliveries:
                attempt = DeliveryAttempt(
                    delivery_id=each.id,
                    number=each.attempt,
                    started_at=now,
                    duration=1,
                    status=200,
                    error=None,
                    response=None,
                )
                op = FinishDelivery(now=now, delivery_id=each.id, token=1, status="delivered", attempt=attempt)
                assert isinstance(await self.writer.submit(op), Done)

    async def happened(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if condition():
                    return
                await asyncio.sleep(0)


@asynccontextmanager
async def plant(
    plugin: Plugin[Any],
    commands: dict[str, CommandSettings] | None = None,
    *,
    store: MemoryStore | None = None,
    later: int = 7 * 86_400_000,
    outbox: Callable[[IdSource], RecordingOutbox] = RecordingOutbox,
) -> AsyncGenerator[Plant]:
    """A started one, drained and closed at the end."""
    store = store or MemoryStore()
    found = Plant(registry_of(plugin, commands), store, await store.last_id(), later, outbox)
    await found.writer.start()
    await found.dispatcher.start()
    try:
        yield found
    finally:
        await found.dispatcher.drain()
        await found.runners.aclose()
        await found.writer.aclose()
