"""Keeping house: what is over is forgotten after its time, in small steps, and its content with it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Protocol, cast

import pytest

from hookyard import ids
from hookyard.artifacts import ArtifactStore
from hookyard.config.model import ArtifactSettings, Keep, RetentionSettings
from hookyard.config.values import Duration
from hookyard.dispatch.keeper import Keeper
from hookyard.dispatch.pace import LONGEST, Pace
from hookyard.errors import StoreUnavailable
from hookyard.model import Artifact, AuditEntry, Event, Job, LogLine, TerminalStatus, Token, WorkerRecord
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    AppendAudit,
    AppendLog,
    AuditQuery,
    Enqueue,
    EventQuery,
    Finish,
    JobQuery,
    Lease,
    Op,
    PruneJobs,
    PutArtifact,
    PutToken,
    PutWorker,
    Result,
)
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

DAY = 86_400_000
TOKEN = 7


class Told(SqliteStore):
    """A store that tells of each batch what it was and how many rows it changed."""

    batches: list[tuple[list[Op], int]]
    refusals: int
    """How many steps of the keeper it refuses."""

    walked: asyncio.Event
    """Set after every step through the jobs."""
    loop: asyncio.AbstractEventLoop

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        try:
            return self._apply(ops)
        finally:
            if isinstance(ops[0], PruneJobs):
                self.loop.call_soon_threadsafe(self.walked.set)

    def _apply(self, ops: Sequence[Op]) -> list[Result]:
        if self.refusals and isinstance(ops[0], PruneJobs):
            self.refusals -= 1
            msg = "full"
            raise StoreUnavailable(msg)
        connection = cast("Counting", self.connection)
        before = connection.total_changes()
        results = super().apply(ops)
        self.batches.append((list(ops), connection.total_changes() - before))
        return results


class Counting(Protocol):
    def total_changes(self) -> int: ...


def _no_rest(_: float) -> float:
    return 0.0


class Lab:
    """A store, its writer and the content of artifacts, with a keeper."""

    def __init__(
        self,
        store: Told,
        objects: ArtifactStore,
        clock: FakeClock,
        settings: RetentionSettings,
        timer: Callable[[], float],
    ) -> None:
        store.batches = []
        store.refusals = 0
        store.walked = asyncio.Event()
        store.loop = asyncio.get_running_loop()
        self.store = store
        self.objects = objects
        self.clock = clock
        self.new_id = ids.IdSource(clock)
        self.writer = Coalescer(store, queue=1000, batch=64)
        self.keeper = Keeper(
            store=store, writer=self.writer, objects=objects, settings=settings, clock=clock, timer=timer
        )

    async def do(self, *ops: Op) -> None:
        for op in ops:
            await self.writer.submit(op)

    async def job(self, status: TerminalStatus = "succeeded", *, lines: int = 0, content: bytes | None = None) -> Job:
        """A job that ends now."""
        now = self.clock.now()
        job = Job(id=self.new_id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=now, run_at=now)
        await self.do(Enqueue(now=now, job=job, lease=Lease(TOKEN, "w", now + 9)))
        if lines:
            one = LogLine(job_id=job.id, attempt=1, at=now, level="info", event="said")
            await self.do(AppendLog(now=now, lines=(one,) * lines))
        if content is not None:
            await self.do(PutArtifact(now=now, token=TOKEN, artifact=await self.write(job.id, content)))
        await self.do(Finish(now=now, job_id=job.id, token=TOKEN, status=status, outcome=status))
        return job

    async def write(self, job_id: str, content: bytes) -> Artifact:
        """Store content that nobody names yet."""
        writer = await self.objects.writer(job_id, "report", "text/plain", limit=1 << 20)
        await writer.write(content)
        stored = await writer.close()
        return Artifact(
            job_id=job_id,
            name="report",
            media_type="text/plain",
            size=stored.size,
            sha256=stored.sha256,
            location=stored.location,
            created_at=self.clock.now(),
        )

    async def left(self) -> set[str]:
        """The ids of the jobs that are there."""
        return {job.id for job in (await self.store.jobs(JobQuery(limit=1000))).jobs}

    async def contents(self) -> set[str]:
        """The jobs that have content."""
        return {location.partition("/")[0] async for location, _, _ in self.objects.locations()}


@asynccontextmanager
async def lab(
    folder: Path,
    settings: RetentionSettings | None = None,
    clock: FakeClock | None = None,
    timer: Callable[[], float] = perf_counter,
) -> AsyncGenerator[Lab]:
    store = await Told.open(folder / "hookyard.db")
    assert isinstance(store, Told)
    objects = ArtifactStore.open(ArtifactSettings(path="artifacts"), folder)
    made = Lab(store, objects, clock or FakeClock(), settings or RetentionSettings(), timer)
    await made.writer.start()
    try:
        yield made
    finally:
        await made.writer.aclose()
        await store.aclose()


def run(story: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_jobs_are_forgotten_after_the_time_of_their_status(tmp_path: Path) -> None:
    settings = RetentionSettings(succeeded=Duration(2 * DAY), failed=Duration(5 * DAY), cancelled="forever")

    async def story() -> None:
        async with lab(tmp_path, settings) as here:
            jobs = [await here.job(status) for status in ("succeeded", "failed", "timed_out", "cancelled")]
            here.clock.advance(2 * DAY)
            assert await here.keeper.round() == {}
            here.clock.advance(1)
            assert await here.keeper.round() == {"jobs": 1}
            assert await here.left() == {job.id for job in jobs[1:]}
            here.clock.advance(3 * DAY)
            assert await here.keeper.round() == {"jobs": 1}
            here.clock.advance(400 * DAY)
            assert await here.keeper.round() == {"jobs": 1}
            assert await here.left() == {jobs[3].id}

    run(story)


def test_what_was_emitted_and_noted_and_who_called_is_forgotten_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path) as here:
            now = here.clock.now()
            job = await here.job()
            event = Event(
                id=here.new_id(), type="e", plugin="a", command="x", job_id=job.id, payload=b"1", created_at=now
            )
            other = Job(id=here.new_id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=now, run_at=now)
            ended = Finish(now=now, job_id=other.id, token=TOKEN, status="failed", outcome="failed", events=(event,))
            entry = AuditEntry(id=here.new_id(), at=now, principal="p", action="token.create", target="t")
            worker = WorkerRecord(name="w", principal="p", lanes=(), first_contact=now, last_contact=now)
            await here.do(
                Enqueue(now=now, job=other, lease=Lease(TOKEN, "w", now + 9)),
                ended,
                AppendAudit(now=now, entry=entry),
                PutWorker(now=now, worker=worker),
            )
            here.clock.advance(7 * DAY + 1)
            assert await here.keeper.round() == {"workers": 1}
            here.clock.advance(23 * DAY)
            assert await here.keeper.round() == {"jobs": 1, "events": 1}
            assert await here.store.events(EventQuery()) == ()
            here.clock.advance(335 * DAY)
            assert await here.keeper.round() == {"jobs": 1, "audit": 1}
            assert (await here.store.audit(AuditQuery())).entries == ()

    run(story)


def a_token(here: Lab, name: str, expires_at: int | None = None) -> PutToken:
    now = here.clock.now()
    token = Token(
        id=here.new_id(),
        name=name,
        digest=name.encode(),
        scopes=("admin",),
        created_at=now,
        created_by="p",
        expires_at=expires_at,
    )
    return PutToken(now=now, token=token)


def test_tokens_that_are_long_over_are_forgotten(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path) as here:
            await here.do(a_token(here, "old", here.clock.now() + DAY), a_token(here, "good"))
            here.clock.advance(91 * DAY)
            assert await here.keeper.round() == {}
            here.clock.advance(1)
            assert await here.keeper.round() == {"tokens": 1}
            assert [one.name for one in await here.store.tokens()] == ["good"]

    run(story)


@pytest.mark.parametrize("keep", [Duration(200 * DAY), "forever"])
def test_a_token_s_name_is_kept_as_long_as_the_jobs_that_belong_to_it(tmp_path: Path, keep: Keep) -> None:
    async def story() -> None:
        async with lab(tmp_path, RetentionSettings(failed=keep, tokens=Duration(DAY))) as here:
            await here.do(a_token(here, "old", here.clock.now()), a_token(here, "good"))
            here.clock.advance(200 * DAY)
            assert await here.keeper.round() == {}
            here.clock.advance(1)
            assert await here.keeper.round() == ({} if keep == "forever" else {"tokens": 1})

    run(story)


def test_nothing_is_forgotten_that_is_kept_for_ever(tmp_path: Path) -> None:
    settings = RetentionSettings(
        succeeded="forever", failed="forever", timed_out="forever", cancelled="forever", events="forever"
    )

    async def story() -> None:
        async with lab(tmp_path, settings) as here:
            job = await here.job()
            here.clock.advance(10_000 * DAY)
            assert await here.keeper.round() == {}
            assert await here.left() == {job.id}

    run(story)


def test_content_goes_with_its_job_and_the_quota_is_counted_anew(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path) as here:
            old = await here.job(content=b"old")
            here.clock.advance(31 * DAY)
            new = await here.job(content=b"newer")
            assert await here.contents() == {old.id, new.id}
            assert await here.keeper.round() == {"jobs": 1, "contents": 1}
            assert await here.contents() == {new.id}
            assert here.objects.quota.used == 5

    run(story)


def test_content_that_a_crash_left_behind_is_found_again(tmp_path: Path) -> None:
    clock = FakeClock()

    async def crash() -> None:
        async with lab(tmp_path, clock=clock) as here:
            await here.job(content=b"old")
            clock.advance(31 * DAY)
            deleting = asyncio.Event()

            async def hang(location: str, size: int = 0) -> None:
                del location, size
                deleting.set()
                await asyncio.Event().wait()

            here.objects.delete = hang  # type: ignore[method-assign]
            under_way = asyncio.create_task(here.keeper.round())
            await deleting.wait()
            under_way.cancel()
            await asyncio.wait([under_way])
            assert await here.left() == set()
            assert len(await here.contents()) == 1

    async def again() -> None:
        async with lab(tmp_path, clock=clock) as here:
            kept = await here.job(content=b"kept")
            now = clock.now()
            running = Job(
                id=here.new_id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=now, run_at=now
            )
            await here.do(Enqueue(now=now, job=running, lease=Lease(TOKEN, "w", now + 9)))
            await here.write(running.id, b"not named yet")
            await here.write(kept.id, b"never named")
            assert await here.keeper.round() == {"orphans": 2}
            assert await here.contents() == {kept.id, running.id}
            (artifact,) = await here.store.artifacts(kept.id)
            assert await here.objects.read(artifact.location, 0, 9) == b"kept"

    run(crash)
    run(again)


def test_content_that_cannot_be_deleted_is_no_hindrance_and_is_left_to_the_sweep(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path) as here:
            job = await here.job(content=b"old")
            assert await here.keeper.round() == {}
            here.clock.advance(31 * DAY)
            folder = tmp_path / "artifacts" / job.id
            (file,) = folder.iterdir()
            file.rename(folder / "aside")
            file.mkdir()
            (file / "in the way").touch()
            assert await here.keeper.round() == {"jobs": 1, "orphans": 2}
            assert await here.contents() == set()

    run(story)


@pytest.mark.parametrize(("jobs", "lines"), [(500, 0), (3, 5000)])
def test_a_step_changes_only_so_many_rows_however_much_jobs_have_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, lines: int
) -> None:
    monkeypatch.setattr(Pace, "rest", staticmethod(_no_rest))
    steps = count(0.0, 0.02)  # every step takes as long as is aimed for

    async def story() -> None:
        async with lab(tmp_path, timer=lambda: next(steps)) as here:
            for _ in range(jobs):
                await here.job(lines=lines)
            here.clock.advance(31 * DAY)
            here.store.batches.clear()
            assert await here.keeper.round() == {"jobs": jobs}
            walks = [(op, changed) for ops, changed in here.store.batches for op in ops if isinstance(op, PruneJobs)]
            assert {(op.limit, op.rows) for op, _ in walks} == {(20, 200)}
            # An attempt goes with each job.
            assert max(changed for _, changed in walks) <= 200 + 2 * 20
            assert len(walks) >= max(jobs // 20, jobs * lines // 200)

    run(story)


def test_the_keeper_goes_round_at_its_times_and_at_once_when_its_settings_change(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path, RetentionSettings(every=Duration(60_000))) as here:

            async def until_none_is_left() -> None:
                while await here.left():
                    await here.store.walked.wait()
                    here.store.walked.clear()

            await here.job()
            here.keeper.start()
            here.clock.advance(31 * DAY)
            await until_none_is_left()
            await here.job()
            here.clock.advance(DAY)
            assert len(await here.left()) == 1
            here.keeper.use(RetentionSettings(succeeded=Duration(DAY - 1)))
            await until_none_is_left()
            await here.keeper.stop()

    run(story)


def test_a_store_that_refuses_is_asked_again_the_next_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with lab(tmp_path) as here:
            await here.job()
            here.clock.advance(31 * DAY)
            here.store.refusals = 1
            here.keeper.start()
            await here.store.walked.wait()
            assert len(await here.left()) == 1
            while await here.left():
                here.clock.advance(3_600_000)
            await here.keeper.stop()

    run(story)


def test_the_size_of_a_step_adapts_to_how_long_the_last_one_took() -> None:
    pace = Pace()
    sizes = [pace.rows]
    for _ in range(20):
        pace.took(pace.rows * 0.0005)  # half a millisecond a row
        sizes.append(pace.rows)
    assert sizes[-1] * 0.0005 <= LONGEST / 2 * 1.1
    assert pace.rows == sizes[-2]
    for _ in range(20):
        pace.took(pace.rows * 0.00001)
    assert pace.rows * 0.00001 <= LONGEST / 2 * 1.1
    assert pace.rows > sizes[-1]
    pace.took(10)
    assert pace.rows <= 1300
    for _ in range(20):
        pace.took(10)
    assert (pace.rows, pace.jobs) == (20, 2)
    assert Pace.rest(0.05) >= 0.05
