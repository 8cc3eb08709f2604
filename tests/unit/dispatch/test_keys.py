"""Jobs that are unique while active, put off by later ones, or run one at a time for each key."""

import asyncio

import pytest
from msgspec import Struct
from tests.unit.dispatch.lab import run
from tests.unit.dispatch.plant import Plant, plant

from hookyard import Context, Keyed, Plugin, Unique
from hookyard.config.model import CommandSettings, KeyedSettings
from hookyard.config.values import Duration
from hookyard.dispatch.new_job import Ask, UniqueAsk
from hookyard.errors import Refused
from hookyard.model import Job
from hookyard.store.contract import Enqueued, Unmet


class Push(Struct):
    repo: str | None = None
    number: int = 0


class Ran(Struct):
    number: int


class Site:
    """Commands that wait at a gate for each repository; `ran` is what began, in order."""

    def __init__(self) -> None:
        self.gates: dict[str | None, asyncio.Event] = {}
        self.ran: list[int] = []
        self.now: list[str | None] = []
        self.most: dict[str | None, int] = {}
        self.plugin: Plugin[None] = Plugin("lab")

        async def work(data: Push, ctx: Context[None]) -> Ran:
            self.ran.append(data.number)
            self.now.append(data.repo)
            self.most[data.repo] = max(self.most.get(data.repo, 0), self.now.count(data.repo))
            try:
                await self.gate(data.repo).wait()
            finally:
                self.now.remove(data.repo)
            return Ran(data.number)

        self.plugin.command(work)
        self.plugin.command(name="keyed", concurrency=Keyed("payload.repo"))(work)
        self.plugin.command(name="once", unique="skip")(work)
        self.plugin.command(name="once_each", unique=Unique("skip", "payload.repo"))(work)
        self.plugin.command(name="quiet", debounce=5.0)(work)

    def gate(self, repo: str | None) -> asyncio.Event:
        return self.gates.setdefault(repo, asyncio.Event())


async def under_way(it: Plant, job_id: str) -> None:
    await it.until(lambda job: job.status == "running", job_id)


def test_of_one_key_one_runs_at_a_time_while_other_keys_and_jobs_without_one_run_beside_it() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            first, second = [await it.submit("keyed", Push("a", number)) for number in (1, 2)]
            other = await it.submit("keyed", Push("b", 3))
            without = [await it.submit("keyed", Push(None, number)) for number in (4, 5)]
            for job_id in (first, other, *without):
                await under_way(it, job_id)
            assert (await it.job(second)).status == "queued"
            site.gate("a").set()
            await it.ended(second)
            assert site.most == {"a": 1, "b": 1, None: 2}
            site.gate("b").set()
            site.gate(None).set()
            for job_id in (other, *without):
                assert (await it.ended(job_id)).status == "succeeded"

    run(story)


def test_the_configuration_gives_a_command_a_key_and_its_limit() -> None:
    site = Site()
    settings = {"lab/work": CommandSettings(concurrency=KeyedSettings(key="payload.repo", limit=2))}

    async def story() -> None:
        async with plant(site.plugin, settings) as it:
            jobs = [await it.submit("work", Push("a", number)) for number in range(5)]
            await it.happened(lambda: len(site.ran) == 2)  # the store says a moment before that they run
            site.gate("a").set()
            for job_id in jobs:
                await it.ended(job_id)
            assert site.most == {"a": 2}
            assert site.ran == [0, 1, 2, 3, 4]

    run(story)


def test_an_equal_job_stands_for_the_next_until_it_has_ended() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            first = await it.submit("once", Push("a", 1))
            again = await it.accept("once", Push("a", 1))
            assert again == Enqueued(first, duplicate=True)
            assert await it.submit("once", Push("a", 2)) != first
            assert await it.submit("once", Push("a", 1), tenant="other") != first
            site.gate("a").set()
            await it.ended(first)
            assert await it.submit("once", Push("a", 1)) != first

    run(story)


def test_a_path_says_what_makes_jobs_equal_and_what_has_nothing_there_is_like_no_other() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            first = await it.submit("once_each", Push("a", 1))
            assert await it.submit("once_each", Push("a", 2)) == first
            without = [await it.submit("once_each", Push(None, 3)) for _ in range(2)]
            assert len({first, *without}) == 3
            for repo in ("a", None):
                site.gate(repo).set()

    run(story)


def test_a_caller_may_give_the_key_itself() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("nightly"))
            first = await it.submit("work", Push("a", 1), ask)
            assert await it.submit("work", Push("b", 2), ask) == first
            site.gate("a").set()

    run(story)


def test_a_newer_job_replaces_those_that_wait_and_waits_for_the_one_that_runs() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("deploy", "replace"))
            first = await it.submit("work", Push("a", 1), ask)
            await under_way(it, first)
            second = await it.submit("work", Push("a", 2), ask)
            third = await it.submit("work", Push("a", 3), ask)
            replaced = await it.job(second)
            assert (replaced.status, replaced.reason) == ("cancelled", "replaced")
            assert [delivery.job_id for delivery in it.outbox.written] == [second]
            assert (await it.job(third)).status == "queued"
            site.gate("a").set()
            assert (await it.ended(third)).status == "succeeded"
            assert (await it.job(first)).status == "succeeded"
            assert site.ran == [1, 3]

    run(story)


def test_a_job_that_begins_as_a_newer_one_comes_is_not_cancelled_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("deploy", "replace"))
            first = await it.submit("work", Push("a", 1), ask)
            await under_way(it, first)
            second = await it.submit("work", Push("b", 2), ask)
            read, begun = it.store.job, asyncio.Event()

            async def looked_at_too_early(job_id: str) -> Job | None:
                job = await read(job_id)
                if job_id == second and not begun.is_set():
                    begun.set()
                    site.gate("a").set()
                    await under_way(it, second)
                return job

            monkeypatch.setattr(it.store, "job", looked_at_too_early)
            third = await it.submit("work", Push("c", 3), ask)
            assert begun.is_set()
            assert not (await it.job(second)).cancel_requested
            assert (await it.job(third)).status == "queued"
            site.gate("b").set()
            site.gate("c").set()
            assert (await it.ended(second)).status == "succeeded"
            assert (await it.ended(third)).status == "succeeded"
            assert site.ran == [1, 2, 3]

    run(story)


def test_queued_by_a_key_all_run_one_after_the_other() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("deploy", "queue"))
            jobs = [await it.submit("work", Push("a", number), ask) for number in range(4)]
            await under_way(it, jobs[0])
            assert len(set(jobs)) == 4
            site.gate("a").set()
            for job_id in jobs:
                await it.ended(job_id)
            assert (site.most, site.ran) == ({"a": 1}, [0, 1, 2, 3])

    run(story)


def test_one_after_the_other_is_refused_of_a_command_with_a_key_of_its_own() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            with pytest.raises(Refused, match="concurrency key of its own") as refused:
                it.new("keyed", Push("a", 1), Ask(unique=UniqueAsk("x", "queue")))
            assert (refused.value.code, refused.value.path) == ("invalid_input", "$.unique.policy")

    run(story)


def test_a_debounced_job_runs_once_with_the_last_input_when_nothing_has_come_for_so_long() -> None:
    site = Site()
    site.gate("a").set()

    async def story() -> None:
        async with plant(site.plugin) as it:
            first = await it.submit("quiet", Push("a", 1))
            for number in (2, 3):
                it.clock.advance(4_000)
                outcome = await it.accept("quiet", Push("a", number))
                assert outcome == Enqueued(first, coalesced=True)
            waiting = await it.job(first)
            assert (waiting.status, waiting.run_at) == ("queued", it.clock.now() + 5_000)
            it.clock.advance(5_000)
            assert (await it.ended(first)).result == b'{"number":3}'
            assert site.ran == [3]
            assert await it.submit("quiet", Push("a", 4)) != first

    run(story)


def test_later_ones_put_a_debounced_job_off_no_longer_than_its_bound() -> None:
    site = Site()
    site.gate("a").set()
    settings = {"lab/quiet": CommandSettings(debounce_max=Duration(12_000))}

    async def story() -> None:
        async with plant(site.plugin, settings) as it:
            begun = it.clock.now()
            first = await it.submit("quiet", Push("a", 0))
            for number in range(1, 4):
                it.clock.advance(3_000)
                await it.submit("quiet", Push("a", number))
            assert (await it.job(first)).run_at == begun + 12_000
            it.clock.advance(3_000)
            assert (await it.ended(first)).result == b'{"number":3}'

    run(story)


def test_many_are_stored_in_one_transaction_each_with_an_answer_of_its_own() -> None:
    site = Site()
    site.gate("a").set()

    async def story() -> None:
        async with plant(site.plugin) as it:
            news = [it.new("once", Push("a", number)) for number in (1, 1, 2)]
            news.append(it.new("work", Push("a", 3), Ask(after=("0199d2d9-0000-7000-8000-000000000000",))))
            told = await it.dispatcher.accept_many(news)
            stored = [one for one in told if isinstance(one, Enqueued)]
            assert [one.duplicate for one in stored] == [False, True, False]
            assert isinstance(told[3], Unmet)
            for one in stored:
                assert (await it.ended(one.job_id)).status == "succeeded"

    run(story)


def test_of_many_that_come_at_once_each_is_taken_and_the_last_one_stays() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("deploy", "replace"))
            await under_way(it, await it.submit("work", Push("a", 0), ask))
            jobs = await asyncio.gather(*(it.submit("work", Push("a", number), ask) for number in range(1, 41)))
            stand = [await it.job(job_id) for job_id in jobs]
            assert [job.status for job in stand].count("queued") == 1
            assert {job.reason for job in stand if job.status != "queued"} == {"replaced"}
            site.gate("a").set()
            for job_id in jobs:
                await it.ended(job_id)
            assert len(site.ran) == 2

    run(story)


def test_one_that_is_refused_replaces_nothing() -> None:
    site = Site()

    async def story() -> None:
        async with plant(site.plugin) as it:
            ask = Ask(unique=UniqueAsk("deploy", "replace"))
            await under_way(it, await it.submit("work", Push("a", 1), ask))
            second = await it.submit("work", Push("a", 2), ask)
            lost = Ask(unique=UniqueAsk("deploy", "replace"), after=(it.ids(),))
            assert isinstance(await it.accept("work", Push("a", 3), lost), Unmet)
            assert (await it.job(second)).status == "queued"
            site.gate("a").set()

    run(story)
