"""A dispatcher of one plugin with several lanes, on each kind of store, with everything real but time."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct
from tests.unit.dispatch.lab import RecordingOutbox

from hookyard import Breaker, CommandError, Context, Plugin
from hookyard.config.model import JobSettings
from hookyard.config.values import Duration, Rate
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.dispatch.new_job import NewJob
from hookyard.host.lane_rules import LaneRule
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import Event, Job
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Dedupe, EventQuery, LaneFull, Prune
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

T = TypeVar("T")
PATIENCE = 30
StoreKind = Literal["memory", "sqlite"]
Store = MemoryStore | SqliteStore


class Work(Struct):
    """What a command is to do, under which name."""

    name: str
    do: str = "wait"


class Rule(Struct, frozen=True, kw_only=True):
    """What is declared for one command."""

    limit: int = 4
    rate: Rate | None = None
    burst: int | None = None
    max_queued: int | None = None
    breaker: Breaker | None = None


class LaneLab:
    """Commands `lab/a`, `lab/b`, ... that wait at a gate of their job's name, succeed, or fail.

    Attributes:
        running: names of what runs now.
        began: names of all that began, in order.
        most: the most that ran at once, by command and over all.
    """

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        rules: Mapping[str, Rule],
        plugins: Mapping[str, LaneRule],
        published: Callable[[Event], None] | None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = IdSource(clock)
        self.gates: dict[str, asyncio.Event] = {}
        self.running: list[str] = []
        self.began: list[str] = []
        self.most: dict[str, int] = {}
        self.outbox = RecordingOutbox(self.ids)
        self.writer = Coalescer(store, queue=10_000, batch=64)
        self.registry = self.registry_of(rules, plugins)
        self.dispatcher = Dispatcher(
            store=store,
            writer=self.writer,
            registry=self.registry,
            runners=Runners(),
            settings=JobSettings(drain=Duration(0)),
            clock=clock,
            outbox=self.outbox,
            ids=self.ids,
            draw=lambda: 0.5,
            published=published,
        )

    def registry_of(self, rules: Mapping[str, Rule], plugins: Mapping[str, LaneRule]) -> Registry:
        """The registry with these rules."""
        plugin = Plugin("lab")
        for name, rule in rules.items():
            self._declare(plugin, name, rule)
        return Registry(
            commands={
                spec.key: Command(
                    spec=spec,
                    config=None,
                    lane=spec.key,
                    lane_limit=rules[name].limit,
                    timeout=60_000,
                    max_attempts=3,
                    rate=rules[name].rate,
                    burst=rules[name].burst,
                    max_queued=rules[name].max_queued,
                )
                for name, spec in plugin.commands.items()
            },
            plugin_lanes=plugins,
        )

    def _declare(self, plugin: Plugin[None], name: str, rule: Rule) -> None:
        async def work(data: Work, ctx: Context[None]) -> Work:
            del ctx
            self.running.append(data.name)
            self.began.append(data.name)
            for key in (name, ""):
                now = sum(one.startswith(key) for one in self.running)
                self.most[key] = max(self.most.get(key, 0), now)
            try:
                if data.do == "wait":
                    await self.gates.setdefault(data.name, asyncio.Event()).wait()
                elif data.do == "fail":
                    raise CommandError("no", retryable=False)
                elif data.do == "raise":
                    raise CommandError("not yet")
                return data
            finally:
                self.running.remove(data.name)

        plugin.command(name=name, breaker=rule.breaker)(work)

    def use(self, rules: Mapping[str, Rule], plugins: Mapping[str, LaneRule] | None = None) -> None:
        """Go on by these rules, as after a reload."""
        self.registry = self.registry_of(rules, plugins or {})
        self.dispatcher.use(self.registry)

    async def again(self, command: str) -> None:
        """Accept a job whose idempotency key stands for one that is there."""
        for _ in range(2):
            now = self.clock.now()
            dedupe = Dedupe("test", "again", b"", now + 1_000_000)
            job = self._job(command, "again", "succeed")
            await self.dispatcher.accept(NewJob(job, self.registry.commands[f"lab/{command}"], dedupe=dedupe))

    async def give(self, command: str, count: int = 1, do: str = "wait") -> list[str]:
        """Accept jobs named after their command and numbered; returns their ids."""
        return [await self._give(command, do) for _ in range(count)]

    async def _give(self, command: str, do: str) -> str:
        name = f"{command}{len(self.gates)}"
        self.gates[name] = asyncio.Event()
        job = self._job(command, name, do)
        result = await self.dispatcher.accept(NewJob(job, self.registry.commands[f"lab/{command}"]))
        assert not isinstance(result, LaneFull), result
        return job.id

    def _job(self, command: str, name: str, do: str) -> Job:
        now = self.clock.now()
        return Job(
            id=self.ids(),
            plugin="lab",
            command=command,
            lane=f"lab/{command}",
            args=f'{{"name":"{name}","do":"{do}"}}'.encode(),
            submitted_at=now,
            run_at=now,
            max_attempts=3,
        )

    def open(self, name: str) -> None:
        """Let a job go on to its end."""
        self.gates[name].set()

    async def status(self, job_id: str) -> str:
        """Of a job, as the store has it."""
        job = await self.store.job(job_id)
        assert job is not None
        return job.status

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once that is so; asked after every turn of the loop."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if condition():
                    return
                await asyncio.sleep(0)

    async def settled(self) -> None:
        """Return once everything that can happen at this time has happened: what is to be stored is on disk."""
        for _ in range(4):
            for _ in range(20):
                await asyncio.sleep(0)
            await self.dispatcher.lanes.states()
            await self.writer.submit(Prune(now=self.clock.now(), limit=1))

    async def events(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event.type for event in reversed(await self.store.events(EventQuery()))]


@asynccontextmanager
async def lane_lab(
    kind: StoreKind,
    rules: Mapping[str, Rule],
    plugins: Mapping[str, LaneRule] | None = None,
    *,
    path: Path | None = None,
    clock: FakeClock | None = None,
    published: Callable[[Event], None] | None = None,
) -> AsyncGenerator[LaneLab]:
    """A started lab, drained and closed at the end; with a path, SQLite's file stays for the next one."""
    with tempfile.TemporaryDirectory() as folder:
        own = MemoryStore() if kind == "memory" else await SqliteStore.open(path or Path(folder) / "lab.db")
        found = LaneLab(own, clock or FakeClock(), rules, plugins or {}, published)
        await found.writer.start()
        await found.dispatcher.start()
        try:
            yield found
        finally:
            await found.dispatcher.drain()
            await found.writer.aclose()
            await own.aclose()


def run(test: Callable[[], Awaitable[T]]) -> T:
    """Run an async test on a loop of its own."""

    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE * 3):
            return await test()

    return asyncio.run(bounded())
