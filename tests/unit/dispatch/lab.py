"""A dispatcher with everything real but time, the store's disk and the receiver of its webhooks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from hookyard import CommandError, Context, Plugin, Retry, RetryLater
from hookyard.config.model import JobSettings
from hookyard.config.values import Duration
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.dispatch.intake import Accepted
from hookyard.dispatch.new_job import NewJob
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import Delivery, Event, Job
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Dedupe
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

T = TypeVar("T")
PATIENCE = 30


class Work(Struct):
    """What the test's command is to do."""

    do: str = "succeed"
    name: str = ""


class Told(Struct):
    said: str


class _UnmadeError(CommandError):
    """Has nothing of what its base has."""

    def __init__(self) -> None:
        pass


class Lab:
    """One dispatcher; `gates` hold the commands that wait for one, `ran` is what ran in which order."""

    def __init__(self, store: MemoryStore, clock: FakeClock, *, limit: int, settings: JobSettings) -> None:
        self.store = store
        self.clock = clock
        self.ids = IdSource(clock)
        self.gates: dict[str, asyncio.Event] = {}
        self.ran: list[str] = []
        self.most = 0
        self.over: list[Job] = []
        """Every job that ended, as it was told."""
        self._now = 0
        self.outbox = RecordingOutbox(self.ids)
        self.writer = Coalescer(store, queue=10_000, batch=64)
        spec = self._plugin().commands["work"]
        self.command = Command(
            spec=spec, config=None, lane="lab/work", lane_limit=limit, timeout=60_000, max_attempts=3
        )
        self.dispatcher = Dispatcher(
            store=store,
            writer=self.writer,
            registry=Registry(commands={"lab/work": self.command}),
            runners=Runners(),
            settings=settings,
            clock=clock,
            outbox=self.outbox,
            ids=self.ids,
            draw=lambda: 0.5,
            ended=self.over.append,
        )

    def _plugin(self) -> Plugin[None]:
        plugin: Plugin[None] = Plugin("lab")

        async def work(data: Work, ctx: Context[None]) -> Told:
            self.ran.append(data.name)
            self._now += 1
            self.most = max(self.most, self._now)
            try:
                return await self._do(data, ctx)
            finally:
                self._now -= 1

        plugin.command(retry=Retry(attempts=3, base=10.0, factor=2.0))(work)
        return plugin

    async def _do(self, data: Work, ctx: Context[None]) -> Told:
        if data.do == "raise":
            raise RuntimeError("secret")
        if data.do == "refuse":
            raise CommandError("no", code="no", retryable=False)
        if data.do == "much":
            huge = "x" * (1 << 20)
            raise CommandError(huge, code=huge, retryable=False, details={"all": huge})
        if data.do == "later":
            raise RetryLater(60)
        if data.do == "unmade":
            raise _UnmadeError
        if data.do == "never":
            later = RetryLater(0)
            later.after = float("nan")
            raise later
        if data.do == "wait":
            await self.gates.setdefault(data.name, asyncio.Event()).wait()
        if data.do == "flag":
            while True:
                ctx.raise_if_cancelled()
                await asyncio.sleep(0)
        return Told(data.name)

    def job(self, do: str = "succeed", name: str = "", **members: Any) -> Job:  # noqa: ANN401  any member of a job
        """A new job."""
        return new_job(self.ids, self.clock, do, name, **members)

    async def accept(self, job: Job, dedupe: Dedupe | None = None) -> Accepted:
        return await self.dispatcher.accept(self.new(job, dedupe=dedupe))

    def new(self, job: Job, **beside: Any) -> NewJob:  # noqa: ANN401  whatever stands beside a new job
        """The job as what takes it in wants it."""
        return NewJob(job, self.command, **beside)

    async def run(self, do: str = "succeed", name: str = "", **members: Any) -> Job:  # noqa: ANN401  as above
        """Accept a job and wait for its end."""
        job = self.job(do, name, **members)
        await self.accept(job)
        return await self.ended(job.id)

    async def ended(self, job_id: str) -> Job:
        found = await self.dispatcher.wait(job_id, PATIENCE)
        assert found is not None, "the job did not end"
        return found

    async def until(self, condition: Callable[[Job], bool], job_id: str) -> Job:
        """The job once it is as the condition says; the store is asked after every turn of the loop."""
        async with asyncio.timeout(PATIENCE):
            while True:
                job = await self.store.job(job_id)
                if job is not None and condition(job):
                    return job
                await asyncio.sleep(0)


def new_job(ids: IdSource, clock: FakeClock, do: str, name: str, **members: Any) -> Job:  # noqa: ANN401  as above
    """A job for the lab's command, as a caller would submit it."""
    now = clock.now()
    defaults: dict[str, Any] = {
        "submitted_at": now,
        "run_at": now,
        "max_attempts": 3,
        "principal": "token:test",
        "args": f'{{"do":"{do}","name":"{name}"}}'.encode(),
    }
    return Job(id=ids(), plugin="lab", command="work", lane="lab/work", **(defaults | members))


class RecordingOutbox:
    """Plans one delivery per ended job and remembers what became of it."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids
        self.written: list[Delivery] = []
        self.lost: list[Delivery] = []
        self.announced: list[tuple[str, dict[str, object]]] = []

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        return (
            Delivery(
                id=self._ids(),
                job_id=job.id,
                event=f"job.{job.status}",
                endpoint="e",
                url=None,
                body=b"{}",
                created_at=now,
                next_at=now,
            ),
        )

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        event = Event(
            id=self._ids(),
            type=kind,
            plugin="hookyard",
            command=kind.partition(".")[0],
            job_id="",
            tenant=tenant,
            payload=msgspec.json.encode(dict(data)),
            created_at=now,
        )
        self.announced.append((kind, dict(data)))
        return event, ()

    @property
    def listeners(self) -> frozenset[str]:
        return frozenset()

    def notes(self, event: str, job: Job) -> bool:
        return False

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        return ()

    def committed(self, deliveries: tuple[Delivery, ...]) -> None:
        self.written += deliveries

    def dropped(self, deliveries: tuple[Delivery, ...]) -> None:
        self.lost += deliveries


@asynccontextmanager
async def lab(
    *, store: MemoryStore | None = None, clock: FakeClock | None = None, limit: int = 4, lease: int = 30_000
) -> AsyncGenerator[Lab]:
    """A started lab, drained and closed at the end."""
    settings = JobSettings(lease=Duration(lease), drain=Duration(0))
    found = Lab(store or MemoryStore(), clock or FakeClock(), limit=limit, settings=settings)
    await found.writer.start()
    await found.dispatcher.start()
    try:
        yield found
    finally:
        await found.dispatcher.drain()
        await found.writer.aclose()


def run(test: Callable[[], Awaitable[T]]) -> T:
    """Run an async test on a loop of its own."""

    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE * 3):
            return await test()

    return asyncio.run(bounded())
