"""When it is told of a job that it is queued, has started, or goes on."""

import asyncio

from msgspec import Struct
from tests.unit.dispatch.lab import RecordingOutbox, run
from tests.unit.dispatch.plant import plant

from hookyard import Context, Plugin
from hookyard.dispatch.notices import Notices
from hookyard.ids import IdSource
from hookyard.model import Delivery, Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Enqueue
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


class Nothing(Struct):
    pass


class Listener(RecordingOutbox):
    """Wants to know everything."""

    def __init__(self, ids: IdSource) -> None:
        super().__init__(ids)
        self._make = ids
        self.told: list[tuple[str, float | None]] = []

    @property
    def listeners(self) -> frozenset[str]:
        return frozenset({"job.queued"})

    def notes(self, event: str, job: Job) -> bool:
        return True

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        self.told.append((event, None if job.progress is None else job.progress.done))
        return (
            Delivery(id=self._make(), job_id=job.id, event=event, endpoint="e", url=None, body=b"{}", created_at=now),
        )


def job_of(ids: IdSource) -> Job:
    return Job(id=ids(), plugin="lab", command="work", lane="lab/work", args=b"{}", submitted_at=0, run_at=0)


def test_progress_is_told_once_a_second_and_then_the_latest() -> None:
    async def story() -> None:
        clock = FakeClock()
        ids = IdSource(clock)
        outbox = Listener(ids)
        writer = Coalescer(MemoryStore(), queue=100, batch=10)
        await writer.start()
        notices = Notices(writer, outbox, clock)
        first, second = job_of(ids), job_of(ids)
        for job in (first, second):
            await writer.submit(Enqueue(now=clock.now(), job=job))
        for done in range(5):
            notices.progress(first, Progress(done))
        notices.progress(second, Progress(70))
        assert outbox.told == [("job.progress", 0), ("job.progress", 70)]
        clock.advance(999)
        await turns()
        assert len(outbox.told) == 2
        clock.advance(1)
        await turns()
        assert outbox.told[2:] == [("job.progress", 4)]
        notices.progress(first, Progress(5))
        notices.ended(first.id)
        clock.advance(5_000)
        await turns()
        assert len(outbox.told) == 3, "how far it was is told by its end"
        await notices.drain()
        await writer.aclose()
        assert len(outbox.written) == 3

    run(story)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_job_is_told_of_from_the_queue_to_its_start() -> None:
    async def story() -> None:
        plugin: Plugin[None] = Plugin("lab")

        @plugin.command
        async def work(data: Nothing, ctx: Context[None]) -> None:
            return None

        async with plant(plugin, outbox=Listener) as it:
            outbox = it.outbox
            assert isinstance(outbox, Listener)
            await it.ended(await it.submit("work", Nothing()))
            assert outbox.told == [("job.queued", None), ("job.started", None)]
        assert {delivery.event for delivery in outbox.written} == {"job.queued", "job.started", "job.succeeded"}

    run(story)
