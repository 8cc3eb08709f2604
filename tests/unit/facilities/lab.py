"""Commands that use their context, run by a real dispatcher over a store in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hookyard import Plugin
from hookyard.artifacts import ArtifactStore
from hookyard.config.model import ArtifactSettings, Config, JobSettings, PluginHttp, PluginSettings
from hookyard.config.values import Duration, Secret, Size
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.dispatch.new_job import NewJob
from hookyard.facilities import Facilities
from hookyard.host.registry import ActivePlugin, Command, Registry
from hookyard.ids import IdSource
from hookyard.model import TERMINAL, Delivery, Event, Job, LogLine
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

PATIENCE = 30


class In(Struct):
    text: str = ""


class Out(Struct):
    text: str = ""


class NoOutbox:
    """Nobody listens."""

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        return ()

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        raise NotImplementedError

    @property
    def listeners(self) -> frozenset[str]:
        return frozenset()

    def notes(self, event: str, job: Job) -> bool:
        return False

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        return ()

    def committed(self, deliveries: tuple[Delivery, ...]) -> None: ...
    def dropped(self, deliveries: tuple[Delivery, ...]) -> None: ...


class Lab:
    """One process; plugins are the test's own."""

    def __init__(self, plugin: Plugin[None], secrets: Mapping[str, str], resolve: Mapping[str, str]) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.ids = IdSource(self.clock)
        self.writer = Coalescer(self.store, queue=10_000, batch=64)
        self.resolved = resolve
        self.registry = Registry(
            active=(ActivePlugin(plugin, None),),
            commands={
                spec.key: Command(spec, None, spec.key, 64, 20_000, spec.options.retry.attempts)
                for spec in plugin.commands.values()
            },
        )
        settings = PluginSettings(
            secrets={name: Secret(value) for name, value in secrets.items()},
            http=PluginHttp(allow_http=True, allow_ports="any", allow_networks=("127.0.0.0/8",)),
        )
        self.config = Config(
            plugins={plugin.name: settings},
            artifacts=ArtifactSettings(path="memory", max_size=Size(1 << 20), max_per_job=20),
        )
        self.objects = ArtifactStore.open(self.config.artifacts, Path("/nonexistent"))  # in memory
        self.facilities = Facilities(
            self.config,
            self.registry,
            store=self.store,
            writer=self.writer,
            objects=self.objects,
            clock=self.clock,
            ids=self.ids,
            resolve_secret=self._resolve,
        )
        self.runners = Runners()
        self.dispatcher = Dispatcher(
            store=self.store,
            writer=self.writer,
            registry=self.registry,
            runners=self.runners,
            settings=JobSettings(drain=Duration(0)),
            clock=self.clock,
            outbox=NoOutbox(),
            ports=self.facilities,
            ids=self.ids,
            draw=lambda: 0.0,
        )
        self.facilities.bind(self.dispatcher)

    async def _resolve(self, plugin: str, name: str) -> str | None:
        return self.resolved.get(f"{plugin}.{name}")

    async def accept(self, command: str, text: str = "", **members: Any) -> str:  # noqa: ANN401  any member of a job
        """A new job's id."""
        bound = self.registry.commands[command]
        now = self.clock.now()
        defaults: dict[str, Any] = {
            "max_attempts": 1,
            "principal": "token:test",
            "request_id": "request",
            "run_at": now,
        }
        job = Job(
            id=self.ids(),
            plugin=bound.spec.plugin,
            command=bound.spec.name,
            lane=bound.lane,
            args=msgspec.json.encode(In(text)),
            submitted_at=now,
            **(defaults | members),
        )
        await self.dispatcher.accept(NewJob(job, bound))
        return job.id

    async def run(self, command: str, text: str = "", **members: Any) -> Job:  # noqa: ANN401  as above
        """A new job, once it has ended."""
        return await self.ended(await self.accept(command, text, **members))

    async def ended(self, job_id: str) -> Job:
        return await self.until(job_id, lambda job: job.status in TERMINAL)

    async def until(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        """The job once it is so; time stands still but for what retries wait for."""
        async with asyncio.timeout(PATIENCE):
            while True:
                job = await self.store.job(job_id)
                assert job is not None
                if condition(job):
                    return job
                await asyncio.sleep(0)

    async def happened(self, condition: Callable[[], bool]) -> None:
        """Return once that is so; looked at after every turn of the loop."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  commands append to lists, which tell nobody
                await asyncio.sleep(0)

    async def lines(self, job_id: str, count: int = 1) -> tuple[LogLine, ...]:
        """The job's log once it has so many lines: they are written within a quarter of a second."""
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.store.log_lines(job_id)) < count:  # noqa: ASYNC110  nobody tells of lines
                await asyncio.sleep(0.01)
            return found


@asynccontextmanager
async def lab(
    plugin: Plugin[None], *, secrets: Mapping[str, str] | None = None, resolve: Mapping[str, str] | None = None
) -> AsyncGenerator[Lab]:
    """A started lab, drained and closed at the end."""
    found = Lab(plugin, secrets or {}, resolve or {})
    await found.writer.start()
    await found.dispatcher.start()
    try:
        yield found
    finally:
        await found.dispatcher.drain()
        await found.facilities.aclose()
        await found.runners.aclose()
        await found.writer.aclose()
