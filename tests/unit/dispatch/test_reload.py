"""Another registry while jobs run: what runs goes on, what is gone waits, what is new starts."""

import asyncio
from collections.abc import Sequence

from tests.unit.dispatch.lab import Lab, lab, run

from hookyard.host.registry import Command, Registry
from hookyard.model import Job
from hookyard.store.contract import Claim, Op, Prune, Result
from hookyard.store.memory import MemoryStore

NOTHING = Registry()


def registry(it: Lab, limit: int) -> Registry:
    """The lab's command with another limit."""
    spec = it.command.spec
    return Registry(commands={"lab/work": Command(spec, None, "lab/work", limit, 60_000, 3)})


def test_a_job_of_a_command_that_is_gone_waits_and_runs_when_it_is_back() -> None:
    async def story() -> None:
        store = ClaimCounter()
        async with lab(store=store) as it:
            running = it.job("wait", "running")
            await it.accept(running)
            it.dispatcher.use(NOTHING)
            waiting = it.job("succeed", "waiting")
            await it.accept(waiting)  # a request that had read the older table
            await started(it, "running")
            it.gates["running"].set()
            assert (await it.ended(running.id)).status == "succeeded"

            claims = store.claims
            for _ in range(100):
                it.clock.advance(1_000)
                await asyncio.sleep(0)
            assert store.claims == claims, "the store is asked about lanes that are gone"
            found = await it.store.job(waiting.id)
            assert found is not None
            assert (found.status, found.attempt) == ("queued", 0)

            it.dispatcher.use(registry(it, 4))
            assert (await it.ended(waiting.id)).status == "succeeded"

    run(story)


def test_a_retry_of_a_command_that_is_gone_waits_too() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("wait", "w")
            await it.accept(job)
            await started(it, "w")
            it.dispatcher.use(NOTHING)
            # A claim that was on its way for the older lanes is through when this is, and brings nothing back.
            await it.writer.submit(Prune(now=it.clock.now()))
            it.dispatcher.release_all()
            found = await it.until(lambda job: job.status == "queued", job.id)
            assert (found.reason, found.attempt) == ("released", 0)
            it.dispatcher.use(registry(it, 4))
            it.gates["w"].set()
            assert (await it.ended(job.id)).status == "succeeded"

    run(story)


def test_a_claim_under_way_while_its_command_goes_runs_what_it_brings() -> None:
    async def story() -> None:
        store = ClaimCounter()
        async with lab(store=store, limit=1) as it:
            first, second = it.job("wait", "first"), it.job("succeed", "second")
            await it.accept(first)
            await it.accept(second)
            await started(it, "first")
            store.on_claim = lambda: it.dispatcher.use(NOTHING)  # type: ignore[method-assign]
            it.gates["first"].set()
            assert (await it.ended(second.id)).status == "succeeded"

    run(story)


def test_a_limit_that_grows_lets_more_run_and_one_that_shrinks_stops_nothing() -> None:
    async def story() -> None:
        async with lab(limit=1) as it:
            jobs = [it.job("wait", str(number)) for number in range(4)]
            for job in jobs:
                await it.accept(job)
            assert it.most == 1
            it.dispatcher.use(registry(it, 3))
            for name in ("0", "1", "2"):
                await started(it, name)
            it.dispatcher.use(registry(it, 1))
            assert await status(it, jobs[3]) == "queued"
            it.gates["0"].set()
            await it.ended(jobs[0].id)
            assert await status(it, jobs[3]) == "queued"
            for name in ("1", "2"):
                it.gates[name].set()
            await it.until(lambda job: job.status == "running", jobs[3].id)
            it.gates.setdefault("3", asyncio.Event()).set()
            await it.ended(jobs[3].id)
            assert it.most == 3

    run(story)


def test_a_job_whose_lane_lives_on_without_its_command_waits_with_a_visible_reason() -> None:
    async def story() -> None:
        store = ClaimCounter()
        async with lab(store=store) as it:
            other = Registry(commands={"lab/other": Command(it.command.spec, None, "lab/work", 4, 60_000, 3)})
            it.dispatcher.use(other)
            job = it.job("succeed", "a")
            await it.accept(job)
            found = await it.until(lambda job: job.reason is not None, job.id)
            assert (found.status, found.reason, found.attempt) == ("queued", "command_missing", 0)
            claims = store.claims
            for _ in range(50):
                await asyncio.sleep(0)
            assert store.claims <= claims + 1
            it.dispatcher.use(registry(it, 4))
            it.clock.advance(60_000)
            assert (await it.ended(job.id)).status == "succeeded"

    run(story)


async def started(it: Lab, name: str) -> None:
    """Once the command with the gate of this name runs."""
    async with asyncio.timeout(30):
        while name not in it.gates:  # noqa: ASYNC110  the command sets nothing that could be waited for
            await asyncio.sleep(0)
    for _ in range(20):  # a claim that is under way all the while may bring the job once more
        await asyncio.sleep(0)


async def status(it: Lab, job: Job) -> str:
    found = await it.store.job(job.id)
    assert found is not None
    return found.status


class ClaimCounter(MemoryStore):
    """Counts the claims, and may do something in the middle of one."""

    claims = 0

    def on_claim(self) -> None:
        """Called before a claim that brings something."""

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        results = super().apply(ops)
        self.claims += sum(isinstance(op, Claim) for op in ops)
        if any(isinstance(op, Claim) for op in ops):
            self.on_claim()
        return results
