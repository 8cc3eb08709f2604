"""Jobs that are cancelled, killed, run again and forgotten, and who did it."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence

from msgspec import Struct
from tests.unit.dispatch.lab import run
from tests.unit.dispatch.plant import Plant, plant

from hookyard import CommandError, Context, Plugin, Retry, SyncContext
from hookyard.ids import IdSource
from hookyard.model import AuditEntry
from hookyard.store.contract import (
    AlreadyTerminal,
    AuditQuery,
    CancelRequested,
    Claimed,
    Deleted,
    Done,
    Enqueued,
    Exhausted,
    NotFound,
    Op,
    Prune,
    Result,
    StillActive,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

NOBODY = "0199d2d9-0000-7000-8000-000000000000"


class Work(Struct):
    do: str = "wait"


class Ran(Struct):
    text: str = ""


class Site:
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.thread = threading.Event()
        self.began = 0
        self.ended = 0
        self.fails = True
        self.plugin: Plugin[None] = Plugin("lab")

        @self.plugin.command(concurrency=1, retry=Retry(attempts=2, base=0.0))
        async def work(data: Work, ctx: Context[None]) -> Ran:
            self.began += 1
            try:
                if data.do == "fail" and self.fails:
                    raise CommandError("no", code="no")
                if data.do == "wait":
                    await self.gate.wait()
                while data.do == "stubborn":
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.sleep(3600)
                return Ran("through")
            finally:
                self.ended += 1

        @self.plugin.command(concurrency=1)
        def blocks(data: Work, ctx: SyncContext[None]) -> Ran:
            self.began += 1
            self.thread.wait(20)
            self.ended += 1
            return Ran("through")


IDS = IdSource(FakeClock())


def audit(action: str, target: str) -> AuditEntry:
    return AuditEntry(id=IDS(), at=1, principal="token:x", action=action, target=target)


async def noted(it: Plant) -> list[str]:
    return [entry.action for entry in (await it.store.audit(AuditQuery())).entries]


async def running(it: Plant, site: Site, command: str = "work", do: str = "wait") -> str:
    """A job whose command has begun: the store says a moment before that it runs."""
    before = site.began
    job_id = await it.submit(command, Work(do))
    await it.happened(lambda: site.began > before)
    return job_id


def test_a_queued_job_is_cancelled_at_once_and_who_did_it_is_noted_with_it() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            first = await running(it, site)
            second = await it.submit("work", Work())
            assert isinstance(await it.dispatcher.cancel(second, audit=audit("job.cancel", second)), Done)
            job = await it.job(second)
            assert (job.status, job.reason) == ("cancelled", "cancelled_by_user")
            assert await noted(it) == ["job.cancel"]
            assert await it.dispatcher.cancel(second, audit=audit("again", second)) == AlreadyTerminal("cancelled")
            assert isinstance(await it.dispatcher.cancel(NOBODY), NotFound)
            assert await noted(it) == ["job.cancel"], "what changed nothing is not noted"
            site.gate.set()
            assert (await it.ended(first)).status == "succeeded"

    run(story)


def test_a_running_job_is_asked_to_stop_and_ends_as_it_was_said() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await running(it, site)
            assert isinstance(await it.dispatcher.cancel(job_id, reason="replaced"), CancelRequested)
            job = await it.ended(job_id)
            assert (job.status, job.reason, site.ended) == ("cancelled", "replaced", 1)

    run(story)


class Held(MemoryStore):
    """Has claimed a job a while before anybody is told."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed, self.go = threading.Event(), threading.Event()

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        results = super().apply(ops)
        if any(isinstance(result, Claimed) and result.jobs for result in results):
            self.claimed.set()
            assert self.go.wait(30)
        return results


def test_a_job_that_is_cancelled_between_its_claim_and_its_command_ends_without_it() -> None:
    async def story() -> None:
        site, store = Site(), Held()
        async with plant(site.plugin, store=store) as it:
            new = it.new("work", Work())
            accepting = asyncio.ensure_future(it.dispatcher.accept(new))
            await it.happened(store.claimed.is_set)
            cancelling = asyncio.ensure_future(it.dispatcher.cancel(new.job.id))
            for _ in range(5):
                await asyncio.sleep(0)  # by then the writer has it
            store.go.set()
            for _ in range(2):  # the loop does not turn until both have happened, and hears of both at once
                it.writer.submit_threadsafe(Prune(now=it.clock.now())).result(30)
            assert await accepting == Enqueued(new.job.id)
            assert await cancelling == CancelRequested()
            job = await it.ended(new.job.id)
            assert (job.status, job.reason, site.began) == ("cancelled", "cancelled_by_user", 0)

    run(story)


def test_a_killed_job_has_ended_before_its_command_has_and_its_slot_is_free_once_that_is_gone() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await running(it, site, do="stubborn")
            waits = asyncio.ensure_future(it.dispatcher.wait(job_id, 10))
            await asyncio.sleep(0)
            assert isinstance(await it.dispatcher.kill(job_id, audit=audit("job.kill", job_id)), Done)
            job = await it.job(job_id)
            assert (job.status, job.reason, job.lease_token) == ("cancelled", "killed", None)
            assert [attempt.outcome for attempt in await it.store.attempts(job_id)] == ["cancelled"]
            assert [delivery.event for delivery in it.outbox.written] == ["job.cancelled"]
            assert await waits == job
            assert await noted(it) == ["job.kill"]
            after = await it.submit("work", Work("quick"))
            assert (await it.ended(after)).status == "succeeded"
            assert site.began == 2
            assert await it.job(job_id) == job, "what its command does later changes nothing"

    run(story)


def test_a_killed_thread_holds_its_slot_until_it_returns() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await running(it, site, "blocks")
            assert isinstance(await it.dispatcher.kill(job_id), Done)
            assert (await it.job(job_id)).reason == "killed"
            second = await it.submit("blocks", Work())
            for _ in range(50):
                await asyncio.sleep(0)
            assert ((await it.job(second)).status, site.began) == ("queued", 1)
            site.thread.set()
            assert (await it.ended(second)).status == "succeeded"
            assert (site.began, site.ended) == (2, 2)

    run(story)


def test_a_killed_job_that_is_run_again_while_its_thread_goes_on_is_a_new_attempt_of_its_own() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await running(it, site, "blocks")
            await it.dispatcher.kill(job_id)
            assert isinstance(await it.dispatcher.retry(job_id), Done)
            site.thread.set()
            job = await it.ended(job_id)
            assert (job.status, job.attempt) == ("succeeded", 2)
            assert [attempt.outcome for attempt in await it.store.attempts(job_id)] == ["cancelled", "succeeded"]

    run(story)


def test_a_dead_letter_is_run_again_only_by_force_and_keeps_its_history() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await it.submit("work", Work("fail"))
            dead = await it.ended(job_id)
            assert (dead.status, dead.reason, dead.attempt) == ("failed", "attempts_exhausted", 2)
            refused = await it.dispatcher.retry(job_id, audit=audit("job.retry", job_id))
            assert refused == Exhausted("failed", 2, 2)
            site.fails = False
            assert isinstance(await it.dispatcher.retry(job_id, force=True, audit=audit("job.retry", job_id)), Done)
            again = await it.ended(job_id)
            assert (again.status, again.attempt, again.last_error) == ("succeeded", 3, None)
            assert again.max_attempts == 2 + 2, "as many again as its command has"
            assert [attempt.number for attempt in await it.store.attempts(job_id)] == [1, 2, 3]
            assert await noted(it) == ["job.retry"]
            assert await it.dispatcher.retry(job_id) == Exhausted("succeeded", 3, again.max_attempts)

    run(story)


def test_a_job_that_has_not_ended_is_neither_run_again_nor_forgotten() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await running(it, site)
            assert await it.dispatcher.retry(job_id) == StillActive("running")
            assert await it.dispatcher.delete(job_id) == StillActive("running")
            site.gate.set()
            await it.ended(job_id)

    run(story)


def test_a_deleted_job_is_gone_with_what_belongs_to_it() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            job_id = await it.submit("work", Work("quick"))
            await it.ended(job_id)
            await it.delivered()
            assert await it.dispatcher.delete(job_id, audit=audit("job.delete", job_id)) == Deleted(())
            assert await it.store.job(job_id) is None
            assert await it.store.attempts(job_id) == ()
            assert isinstance(await it.dispatcher.delete(job_id), NotFound)
            assert await noted(it) == ["job.delete"]

    run(story)


def test_a_look_at_a_job_hears_of_everything_that_happens_to_it() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin) as it:
            new = it.new("work", Work("fail"))
            seen: list[tuple[str, int]] = []
            with it.dispatcher.watch(new.job.id) as watch:
                await it.dispatcher.accept(new)
                while not seen or seen[-1][0] != "failed":
                    async with asyncio.timeout(30):
                        await watch.changed()
                    job = await it.job(new.job.id)
                    seen.append((job.status, job.attempt))
            assert ("failed", 2) in seen
            assert {attempt for _, attempt in seen} == {1, 2}

    run(story)
