"""How often a job is tried, after which failures, and how long it may ask to be run later."""

from msgspec import Struct
from tests.unit.dispatch.lab import run
from tests.unit.dispatch.plant import Plant, plant

from hookyard import CommandError, Context, Plugin, Retry, RetryLater
from hookyard.config.model import CommandSettings, RetryChanges
from hookyard.config.values import Duration
from hookyard.dispatch.new_job import Ask
from hookyard.model import Job


class Work(Struct):
    code: str = "busy"
    later: float = 0


class Site:
    def __init__(self) -> None:
        self.fails = 100
        self.plugin: Plugin[None] = Plugin("lab")

        @self.plugin.command(retry=Retry(attempts=3, base=0.0))
        async def work(data: Work, ctx: Context[None]) -> None:
            self.fails -= 1
            if self.fails < 0:
                return
            if data.later:
                raise RetryLater(data.later, "the quota is used up")
            raise CommandError("no", code=data.code)


async def end_of(it: Plant, data: Work, ask: Ask) -> Job:
    return await it.ended(await it.submit("work", data, ask))


def test_only_failures_with_the_codes_asked_for_are_tried_again() -> None:
    async def story() -> None:
        async with plant(Site().plugin) as it:
            ask = Ask(retry=Retry(attempts=4, base=0.0, on=("busy",)))
            again = await end_of(it, Work("busy"), ask)
            assert (again.reason, again.attempt) == ("attempts_exhausted", 4)
            other = await end_of(it, Work("broken"), ask)
            assert (other.status, other.reason, other.attempt) == ("failed", "not_retryable", 1)
            not_on = Ask(retry=Retry(attempts=4, base=0.0, not_on=("busy",)))
            assert (await end_of(it, Work("busy"), not_on)).attempt == 1
            assert (await end_of(it, Work("broken"), not_on)).attempt == 4

    run(story)


def test_what_the_configuration_says_of_a_commands_retries_wins_and_the_rest_stays() -> None:
    settings = {"lab/work": CommandSettings(retry=RetryChanges(attempts=2, not_on=("broken",)))}

    async def story() -> None:
        async with plant(Site().plugin, settings) as it:
            command = it.command("work")
            assert command.retry == Retry(attempts=2, base=0.0, not_on=("broken",))
            assert (await end_of(it, Work("busy"), Ask())).attempt == 2
            assert (await end_of(it, Work("broken"), Ask())).attempt == 1
            assert (await end_of(it, Work("busy"), Ask(max_attempts=5))).attempt == 5

    run(story)


def test_a_configured_duration_is_in_seconds_for_the_policy() -> None:
    settings = {"lab/work": CommandSettings(retry=RetryChanges(base=Duration(1500), cap=Duration(90_000)))}

    async def story() -> None:
        async with plant(Site().plugin, settings) as it:
            assert (it.command("work").retry.base, it.command("work").retry.cap) == (1.5, 90.0)

    run(story)


def test_a_job_that_goes_on_asking_to_be_run_later_ends_when_that_has_lasted_too_long() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin, later=100_000) as it:
            job_id = await it.submit("work", Work(later=40))
            for _ in range(2):
                waiting = await it.until(lambda job: job.status == "queued" and job.run_at > it.clock.now(), job_id)
                assert (waiting.attempt, waiting.reason) == (0, "retry_later")
                assert waiting.last_error is not None
                assert waiting.last_error.message == "the quota is used up"
                it.clock.advance(40_000)
            ended = await it.ended(job_id)
            assert (ended.status, ended.reason) == ("failed", "deadline")
            assert ended.last_error is not None
            assert ended.last_error.message == "It has asked to be run later for 80 s, and no longer may."

    run(story)


def test_a_job_that_is_run_again_by_hand_may_ask_to_be_run_later_anew() -> None:
    async def story() -> None:
        site = Site()
        async with plant(site.plugin, later=100_000) as it:
            job_id = await it.submit("work", Work(later=99))
            await it.until(lambda job: job.status == "queued" and job.run_at > it.clock.now(), job_id)
            it.clock.advance(99_000)
            assert (await it.ended(job_id)).reason == "deadline"
            await it.dispatcher.retry(job_id, force=True)
            await it.until(lambda job: job.status == "queued" and job.run_at > it.clock.now(), job_id)
            site.fails = 0
            it.clock.advance(99_000)
            assert (await it.ended(job_id)).status == "succeeded"

    run(story)
