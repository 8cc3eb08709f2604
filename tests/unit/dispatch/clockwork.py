"""A scheduler over a store, with a clock that stands until it is moved."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from hookyard import Context, Plugin
from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.spec import decode_spec
from hookyard.dispatch.schedules import Entry, Scheduler
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Delivery, Event, Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    AppendAudit,
    Cancel,
    Claim,
    Claimed,
    Finish,
    JobQuery,
    LaneAsk,
    Lease,
    Op,
    Result,
    Several,
    Together,
)
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

PATIENCE = 30
LANE = "lab/work"


class Work(Struct):
    at: str = ""
    name: str = ""
    count: int = 0


class Told(Struct):
    said: str


plugin: Plugin[None] = Plugin("lab")


@plugin.command
async def work(data: Work, ctx: Context[None]) -> Told:
    """Say what was said."""
    return Told(data.name)


COMMAND = Command(spec=plugin.commands["work"], config=None, lane=LANE, lane_limit=8, timeout=60_000, max_attempts=3)
ALL = Registry(commands={"lab/work": COMMAND})


def rule(**members: object) -> ScheduleSettings:
    """A schedule of the test's command."""
    return decode_spec(msgspec.json.encode({"run": "lab/work", "if_running": "queue"} | members))


class Note:
    """An event that goes into somebody's transaction."""

    def __init__(self, deliveries: tuple[Delivery, ...], heard: Callable[[], None]) -> None:
        self.events: tuple[Event, ...] = ()
        self.deliveries = deliveries
        self.ends: list[bool] = []
        """What became of it, once: whether it was written."""
        self._heard = heard

    def committed(self) -> None:
        self.ends.append(True)
        self._heard()

    def dropped(self) -> None:
        self.ends.append(False)


class Clockwork:
    """One scheduler and what it needs."""

    def __init__(
        self, store: MemoryStore | SqliteStore, clock: FakeClock, writer: Coalescer, registry: Registry
    ) -> None:
        self.store, self.clock, self.writer = store, clock, writer
        self.ids = IdSource(clock)
        self.events: list[tuple[str, dict[str, object]]] = []
        """What was announced, but for what is announced of every fire time that makes a job."""
        self.announced_fired: list[dict[str, object]] = []
        self.notes: list[Note] = []
        self.expected: list[str] = []
        self.scheduler = Scheduler(
            store=store,
            writer=writer,
            registry=registry,
            clock=clock,
            ids=self.ids,
            expect=lambda lane, _: self.expected.append(lane),
            cancel=self.cancel,
            supersede=self.supersede,
            tells=self,
        )
        self.manage = self.scheduler.manage

    def hear(self, kind: str, data: Mapping[str, object], tenant: str) -> None:
        """Something is told that is on disk."""
        if kind == "schedule.fired":
            self.announced_fired.append({**data, "tenant": tenant})
        else:
            self.events.append((kind, dict(data)))

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> Note:
        """One that is heard once it is on disk."""
        made = Delivery(
            id=self.ids(),
            job_id=None,
            event=kind,
            endpoint="e",
            url=None,
            tenant=tenant,
            body=msgspec.json.encode(data),
            created_at=self.clock.now(),
        )
        note = Note((made,), lambda: self.hear(kind, data, tenant))
        self.notes.append(note)
        return note

    async def cancel(self, job_id: str) -> None:
        await self.writer.submit(Cancel(now=self.clock.now(), job_id=job_id, reason="replaced"))

    async def supersede(self, job_ids: Sequence[str], op: Op, /, *, audit: AuditEntry | None = None) -> Result:
        more = () if audit is None else (AppendAudit(now=op.now, entry=audit),)
        cancels = [Cancel(now=op.now, job_id=each, reason="replaced", only_queued=True) for each in job_ids]
        several = await self.writer.submit(Together(now=op.now, ops=(*cancels, op, *more)))
        assert isinstance(several, Several)
        return several.results[len(cancels)]

    async def move(self, millis: int) -> None:
        """Move the clock, and wait until all that was due then is done."""
        self.clock.advance(millis)
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing is due, armed or under way."""
        async with asyncio.timeout(PATIENCE):
            while not self.scheduler.idle:  # noqa: ASYNC110  what it waits for is many things
                await asyncio.sleep(0)

    def entry(self, name: str = "a") -> Entry:
        return self.manage.find(name)

    async def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        found = (await self.store.jobs(JobQuery(limit=10_000))).jobs
        return sorted(found, key=lambda job: job.id)

    async def fired(self) -> list[str]:
        """The fire times of all jobs, in the order in which they were made."""
        return [tag.removeprefix("fire:") for job in await self.jobs() for tag in job.tags if tag.startswith("fire:")]

    async def claim(self) -> Job:
        """Have the next job run."""
        lease = Lease(1, "local", self.clock.now() + 60_000)
        claimed = await self.writer.submit(Claim(now=self.clock.now(), lanes=(LaneAsk(LANE, 1),), lease=lease))
        assert isinstance(claimed, Claimed)
        (job,) = claimed.jobs
        return job

    async def finish(self, status: str = "succeeded") -> Job:
        """Run the next job to its end, and tell the scheduler."""
        job = await self.claim()
        failed = status != "succeeded"
        await self.writer.submit(
            Finish(
                now=self.clock.now(),
                job_id=job.id,
                token=1,
                status="failed" if failed else "succeeded",
                outcome="failed" if failed else "succeeded",
                reason="not_retryable" if failed else None,
                result=None if failed else b"{}",
            )
        )
        ended = await self.store.job(job.id)
        assert ended is not None
        self.scheduler.ended(ended)
        await self.rest()
        return ended

    def audit(self, action: str = "schedule.put", target: str = "a") -> AuditEntry:
        return AuditEntry(
            id=self.ids(), at=self.clock.now(), principal="token:me", action=action, target=target, tenant=""
        )

    async def put(self, name: str = "a", **members: object) -> Entry:
        """Make a schedule as over HTTP."""
        found, _ = await self.manage.put(
            name, rule(**members), principal="token:me", tenant="", audit=self.audit(target=name)
        )
        await self.rest()
        return found


@asynccontextmanager
async def clockwork(
    store: MemoryStore | SqliteStore, clock: FakeClock, registry: Registry = ALL, /, **schedules: ScheduleSettings
) -> AsyncGenerator[Clockwork]:
    """Start a scheduler with these schedules of the configuration, and stop it."""
    writer = Coalescer(store, queue=10_000, batch=64)
    await writer.start()
    lab = Clockwork(store, clock, writer, registry)
    try:
        await lab.scheduler.start(schedules)
        await lab.rest()
        yield lab
    finally:
        await lab.scheduler.stop()
        await writer.aclose()
