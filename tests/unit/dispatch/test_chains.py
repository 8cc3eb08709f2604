"""What follows a job's end, and what waits for it."""

import asyncio

import pytest
from msgspec import Struct, json
from tests.unit.dispatch.lab import run
from tests.unit.dispatch.plant import Plant, plant

from hookyard import CommandError, Context, JobFailure, Plugin, Retry, Unique
from hookyard.dispatch.chains import DEEPEST
from hookyard.dispatch.new_job import Ask
from hookyard.errors import Refused
from hookyard.model import Follow, Job
from hookyard.store.contract import Claim, Enqueue, LaneAsk, Lease, Unmet
from hookyard.store.memory import MemoryStore


class Number(Struct):
    value: int = 0
    do: str = ""


class Word(Struct):
    text: str


class Site:
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.failures: list[JobFailure] = []
        self.plugin: Plugin[None] = Plugin("lab")

        async def work(data: Number, ctx: Context[None]) -> Number:
            if data.do == "fail":
                raise CommandError("no stock", code="no_stock", retryable=False)
            if data.do == "wait":
                await self.gate.wait()
            return Number(data.value + 1, data.do)

        async def told(data: JobFailure, ctx: Context[None]) -> None:
            self.failures.append(data)

        async def wordy(data: Word, ctx: Context[None]) -> None:
            return None

        declare = self.plugin.command
        declare(work)
        declare(name="first", on_success="lab/second", on_failure="lab/told")(work)
        declare(name="second", on_success=("lab/third", "lab/work"))(work)
        declare(name="third", unique=Unique("replace"))(work)
        declare(told)
        declare(wordy)


async def below(it: Plant, job_id: str) -> list[Job]:
    """The jobs that follow one, once they have ended."""
    return [await it.ended(job.id) for job in await it.store.children(job_id)]


def test_what_a_command_declares_follows_its_success_with_the_result_as_input() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            ask = Ask(tags=("nightly",), priority=7)
            first = await it.submit("first", Number(1), ask, tenant="acme")
            assert (await it.ended(first)).status == "succeeded"
            (second,) = await below(it, first)
            assert (second.command, second.args, second.result) == (
                "second",
                b'{"value":2,"do":""}',
                b'{"value":3,"do":""}',
            )
            inherited = (second.parent, second.principal, second.tenant, second.request_id, second.tags)
            assert inherited == (first, "token:test", "acme", "request", ("nightly",))
            assert second.priority == 0, "that is the second command's own to say"
            assert sorted(job.command for job in await below(it, second.id)) == ["third", "work"]

    run(story)


def test_a_failure_for_good_is_followed_by_what_went_wrong_and_a_cancelled_job_by_nothing() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            failed = await it.submit("first", Number(1, "fail"))
            await it.ended(failed)
            await below(it, failed)
            (said,) = site.failures
            assert (said.job_id, said.plugin, said.command, said.attempt) == (failed, "lab", "first", 1)
            assert (said.status, said.reason, said.args) == ("failed", "not_retryable", {"value": 1, "do": "fail"})
            assert said.error is not None
            assert (said.error.code, said.error.message) == ("no_stock", "no stock")
            cancelled = await it.submit("first", Number(1, "wait"))
            await it.until(lambda job: job.status == "running", cancelled)
            await it.dispatcher.cancel(cancelled)
            assert (await it.ended(cancelled)).status == "cancelled"
            assert await it.store.children(cancelled) == ()

    run(story)


def test_a_caller_may_say_what_follows_beside_what_the_command_declares() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            ask = Ask(on_success=(Follow(run="lab/work", priority=3, tags=("late",)),))
            first = await it.submit("first", Number(1), ask)
            await it.ended(first)
            found = {job.command: job for job in await below(it, first)}
            assert found.keys() == {"second", "work"}
            assert (found["work"].priority, found["work"].tags) == (3, ("late",))

    run(story)


def test_the_end_of_a_job_of_a_dead_process_is_followed_too_with_its_input() -> None:
    site = Site()

    async def story() -> None:
        store = MemoryStore()
        async with plant(site.plugin, store=store) as it:
            pass
        new = it.new("first", Number(5), Ask(max_attempts=1))
        now = it.clock.now()
        asks = (LaneAsk("lab/first", 1),)
        store.apply([Enqueue(now=now, job=new.job)])
        store.apply([Claim(now=now, lanes=asks, lease=Lease(1, "local", now + 1000))])
        async with plant(site.plugin, store=store) as it:
            assert (await it.ended(new.job.id)).reason == "worker_lost"
            await below(it, new.job.id)
            (said,) = site.failures
            assert (said.reason, said.args) == ("worker_lost", {"value": 5, "do": ""})

    run(story)


def test_a_chain_that_comes_back_to_itself_ends_at_its_bound() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            circle = Ask(on_success=(Follow(run="lab/work"),))
            parent: Job | None = None
            for _ in range(DEEPEST + 1):
                new = it.new("work", Number(1), circle, parent=parent)
                await it.dispatcher.accept(new)
                parent = await it.ended(new.job.id)
            assert parent is not None
            assert await it.store.children(parent.id) == ()
            assert parent.options is not None
            assert parent.options.depth == DEEPEST

    run(story)


def test_input_that_does_not_fit_fails_the_follower_and_nothing_else() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            first = await it.submit("work", Number(1), Ask(on_success=(Follow(run="lab/wordy"),)))
            assert (await it.ended(first)).status == "succeeded"
            (follower,) = await below(it, first)
            assert (follower.status, follower.reason) == ("failed", "invalid_input")

    run(story)


def test_a_link_whose_command_is_gone_waits_until_it_is_back() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            first = await it.submit("work", Number(1), Ask(on_success=(Follow(run="gone/away"),)))
            await it.ended(first)
            (follower,) = await it.store.children(first)
            assert (follower.status, follower.lane, follower.plugin) == ("queued", "gone/away", "gone")

    run(story)


def test_a_link_that_would_replace_a_queued_job_gives_that_one_its_input() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            await it.dispatcher.lanes.pause("lab/third", by="test")
            for _ in range(2):
                await it.ended(await it.submit("work", Number(4), Ask(on_success=(Follow(run="lab/third"),))))
            assert len(await it.jobs(command="third")) == 1

    run(story)


def test_a_job_starts_once_all_that_had_to_succeed_first_have() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            waited = [await it.submit("work", Number(number, "wait")) for number in (1, 2)]
            last = await it.submit("work", Number(3), Ask(after=tuple(waited)))
            await it.until(lambda job: job.status == "running", waited[1])
            assert (await it.job(last)).status == "queued"
            site.gate.set()
            ended = await it.ended(last)
            firsts = [await it.job(job_id) for job_id in waited]
            assert ended.status == "succeeded"
            assert all(job.status == "succeeded" for job in firsts)

    run(story)


def test_whoever_waits_for_a_job_that_fails_is_cancelled_and_so_is_who_waits_for_that() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            first = await it.submit("work", Number(1, "fail"), Ask(run_at=it.clock.now() + 1000))
            second = await it.submit("work", Number(2), Ask(after=(first,)))
            third = await it.submit("work", Number(3), Ask(after=(second,)))
            it.clock.advance(1000)
            for job_id in (second, third):
                job = await it.ended(job_id)
                assert (job.status, job.reason) == ("cancelled", "dependency_failed")
                assert job.last_error is not None
                assert job.last_error.code == "dependency_failed"
            told = it.outbox.written
            await it.happened(lambda: {delivery.job_id for delivery in told} == {first, second, third})

    run(story)


def test_a_job_that_waits_for_one_that_failed_or_never_was_is_not_stored() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            failed = await it.submit("work", Number(1, "fail"))
            await it.ended(failed)
            assert await it.accept("work", Number(2), Ask(after=(failed,))) == Unmet(failed, "failed")
            nobody = it.ids()
            assert await it.accept("work", Number(2), Ask(after=(nobody,))) == Unmet(nobody, None)

    run(story)


def test_a_job_waits_for_a_hundred_others_and_no_more() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            with pytest.raises(Refused, match="may wait for 100 others"):
                it.new("work", Number(1), Ask(after=tuple(it.ids() for _ in range(101))))

    run(story)


def test_a_callers_retry_policy_takes_the_place_of_the_commands() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            ask = Ask(retry=Retry(attempts=9, not_on=("x",)))
            new = it.new("work", json.decode(b'{"value":1}', type=Number), ask)
            assert (new.job.max_attempts, new.job.options and new.job.options.retry) == (9, ask.retry)
            assert it.new("work", Number(), Ask(retry=Retry(attempts=9), max_attempts=2)).job.max_attempts == 2

    run(story)
