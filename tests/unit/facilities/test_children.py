"""Commands that call commands."""

import asyncio
from time import monotonic

import pytest
from tests.unit.dispatch.lab import run
from tests.unit.facilities.lab import In, Out, lab

from hookyard import CallError, CommandError, Context, Plugin, Retry, SyncContext
from hookyard.dispatch.chains import DEEPEST
from hookyard.dispatch.intake import Accepted
from hookyard.dispatch.new_job import NewJob
from hookyard.model import TERMINAL


class Family:
    """A plugin whose commands call each other; `ran` is which of them ran."""

    def __init__(self, *, again: bool = False) -> None:  # noqa: C901  many small commands, not one large function
        self.ran: list[str] = []
        self.gate = asyncio.Event()
        self.failing = 0
        self.failed = 0
        self.plugin_fails = asyncio.Event()
        self.plugin = plugin = Plugin("lab")

        @plugin.command
        async def child(data: In, ctx: Context) -> Out:
            self.ran.append(f"child {data.text}")
            if self.failing:
                self.failing -= 1
                raise CommandError("not today", code="closed", retryable=again)
            if data.text == "wait":
                await self.gate.wait()
            return Out(f"{data.text} of {ctx.job.principal}")

        @plugin.command
        async def parent(data: In, ctx: Context) -> Out:
            self.ran.append("parent")
            return await ctx.call("lab/child", data, type=Out)

        @plugin.command
        def parent_sync(data: In, ctx: SyncContext) -> Out:
            self.ran.append("parent")
            return ctx.call("lab/child", data, type=Out)

        @plugin.command
        async def spawner(data: In, ctx: Context) -> Out:
            return Out(await ctx.spawn("lab/child", data))

        @plugin.command(retry=Retry(attempts=3, base=0.001))
        async def twice(data: In, ctx: Context) -> Out:
            one = await ctx.call("lab/child", In("one"), type=Out)
            two = await ctx.call("lab/child", In("two"), type=Out)
            if ctx.job.attempt == 1:
                raise RuntimeError
            return Out(one.text + " " + two.text)

        @plugin.command(retry=Retry(attempts=3, base=0.001))
        async def stubborn(data: In, ctx: Context) -> Out:
            try:
                return await ctx.call("lab/child", data, type=Out)
            except CallError as error:
                msg = "it may be open soon"
                raise CommandError(msg) from error

        @plugin.command
        async def failing_beside(data: In, ctx: Context) -> Out:
            async def fail() -> None:
                await self.plugin_fails.wait()
                self.failed += 1
                msg = "no more"
                raise CommandError(msg)

            await asyncio.gather(ctx.call("lab/child", In("wait")), fail())
            return Out()

        @plugin.command
        async def lost(data: In, ctx: Context) -> Out:
            return await ctx.call("lab/none", type=Out)

        @plugin.command
        async def deeper(data: In, ctx: Context) -> Out:
            try:
                return await ctx.call("lab/deeper", data, type=Out)
            except CallError as error:
                return Out(f"{error.code}")

        @plugin.command
        async def curious(data: In, ctx: Context) -> Out:
            try:
                await ctx.call(data.text, {"text": 5})
            except CallError as error:
                return Out(f"{error.code}: {error}")
            return Out()

        @plugin.command
        async def hasty(data: In, ctx: Context) -> Out:
            try:
                async with asyncio.timeout(0.01):
                    await ctx.call("lab/child", In("wait"))
            except TimeoutError:
                return Out("left")
            return Out()


def let_pass(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have so much time gone by for the event loop, and for the runners, all at once."""

    def later() -> float:
        return monotonic() + seconds

    monkeypatch.setattr(asyncio.get_running_loop(), "time", later)
    monkeypatch.setattr("hookyard.runners.inline.monotonic", later)


@pytest.mark.parametrize("command", ["lab/parent", "lab/parent_sync"])
def test_a_command_gets_the_answer_of_the_one_it_calls(command: str) -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run(command, "x")
            assert job.result == b'{"text":"x of plugin:lab"}'
            (child,) = await it.store.children(job.id)
            assert (child.parent, child.request_id, child.principal) == (job.id, "request", "plugin:lab")

    run(story)


@pytest.mark.parametrize("command", ["lab/parent", "lab/parent_sync"])
def test_a_child_that_fails_is_an_error_with_its_code(command: str) -> None:
    async def story() -> None:
        family = Family()
        family.failing = 9
        async with lab(family.plugin) as it:
            error = (await it.run(command, "x")).last_error
            assert error is not None
            assert (error.code, error.message) == ("closed", "lab/child failed: not today")

    run(story)


def test_a_spawned_child_runs_by_itself() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run("lab/spawner", "x")
            (child,) = await it.store.children(job.id)
            assert job.result == f'{{"text":"{child.id}"}}'.encode()
            assert (await it.ended(child.id)).status == "succeeded"

    run(story)


def test_an_attempt_finds_the_children_that_an_earlier_one_made() -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job = await it.run("lab/twice", max_attempts=3)
            assert (job.status, job.attempt) == ("succeeded", 2)
            assert family.ran == ["child one", "child two"]

    run(story)


def test_a_child_that_failed_is_called_for_anew_by_a_later_attempt() -> None:
    async def story() -> None:
        family = Family()
        family.failing = 2
        async with lab(family.plugin) as it:
            job = await it.run("lab/stubborn", "one", max_attempts=3)
            assert (job.status, job.attempt) == ("succeeded", 3)
            assert family.ran == ["child one", "child one", "child one"]

    run(story)


@pytest.mark.parametrize("command", ["lab/parent", "lab/parent_sync"])
@pytest.mark.parametrize("again", [True, False])
def test_a_caller_is_not_tried_again_for_a_child_that_has_had_its_attempts(command: str, again: bool) -> None:
    async def story() -> None:
        family = Family(again=again)
        family.failing = 99
        async with lab(family.plugin) as it:
            job = await it.run(command, "x", max_attempts=3)
            assert (job.status, job.reason, job.attempt) == ("failed", "not_retryable", 1)
            assert job.last_error is not None
            assert not job.last_error.retryable
            (child,) = await it.store.children(job.id)
            assert family.ran == ["parent", *["child x"] * child.attempt]

    run(story)


def test_a_caller_that_calls_what_is_not_there_is_not_tried_again() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run("lab/lost", max_attempts=3)
            assert (job.status, job.attempt) == ("failed", 1)

    run(story)


@pytest.mark.parametrize("command", ["lab/parent", "lab/parent_sync"])
def test_a_caller_whose_time_is_up_for_good_cancels_its_child(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job_id = await it.accept(command, "wait", timeout=5_000)
            await it.happened(lambda: "child wait" in family.ran)
            let_pass(5, monkeypatch)  # the child has twenty
            assert (await it.ended(job_id)).status == "timed_out"
            (child,) = await it.store.children(job_id)
            assert (await it.ended(child.id)).status == "cancelled"

    run(story)


def test_a_caller_that_fails_for_good_cancels_its_child() -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job_id = await it.accept("lab/failing_beside")
            await it.happened(lambda: "child wait" in family.ran)
            (child,) = await it.store.children(job_id)
            family.plugin_fails.set()
            assert (await it.ended(job_id)).status == "failed"
            assert (await it.ended(child.id)).status == "cancelled"

    run(story)


def test_a_caller_that_is_tried_again_finds_the_child_that_was_under_way() -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job_id = await it.accept("lab/failing_beside", max_attempts=2)
            await it.happened(lambda: "child wait" in family.ran)
            family.plugin_fails.set()
            await it.happened(lambda: family.failed == 2)
            assert (await it.ended(job_id)).attempt == 2
            assert len(await it.store.children(job_id)) == 1

    run(story)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("lab/none", "not_found: there is no command lab/none"),
        ("lab/child", "invalid_input: lab/child does not take this input: Expected `str`, got `int` - at `$.text`"),
    ],
)
def test_a_call_that_cannot_be_is_refused(command: str, why: str) -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run("lab/curious", command)
            assert job.result == f'{{"text":"{why}"}}'.encode()
            assert await it.store.children(job.id) == ()

    run(story)


def test_calls_go_only_so_deep() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run("lab/deeper")
            assert job.result == b'{"text":"call_depth"}'
            depth, below = 0, await it.store.children(job.id)
            while below:
                depth, below = depth + 1, await it.store.children(below[0].id)
            assert depth == DEEPEST

    run(story)


@pytest.mark.parametrize("command", ["lab/parent", "lab/parent_sync"])
def test_a_cancelled_parent_cancels_the_child_it_waits_for(command: str) -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job_id = await it.accept(command, "wait")
            await it.happened(lambda: "child wait" in family.ran)
            await it.dispatcher.cancel(job_id)
            assert (await it.ended(job_id)).status == "cancelled"
            (child,) = await it.store.children(job_id)
            assert (await it.ended(child.id)).status == "cancelled"

    run(story)


def test_a_child_that_is_no_longer_waited_for_is_cancelled() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            job = await it.run("lab/hasty")
            assert job.result == b'{"text":"left"}'
            (child,) = await it.store.children(job.id)
            assert (await it.ended(child.id)).status == "cancelled"

    run(story)


def test_a_child_that_is_left_while_it_is_being_stored_is_cancelled_too() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            accept, left = it.dispatcher.accept, asyncio.Event()

            async def slow(new: NewJob) -> Accepted:
                outcome = await accept(new)
                if new.job.parent is not None:
                    await left.wait()
                return outcome

            it.dispatcher.accept = slow
            job = await it.run("lab/hasty")
            left.set()
            (child,) = await it.store.children(job.id)
            assert (await it.ended(child.id)).status == "cancelled"

    run(story)


def test_a_parent_that_is_given_back_to_the_queue_keeps_its_child() -> None:
    async def story() -> None:
        family = Family()
        async with lab(family.plugin) as it:
            job_id = await it.accept("lab/parent", "wait")
            await it.happened(lambda: "child wait" in family.ran)
            it.dispatcher.release_all()
            await it.happened(lambda: family.ran.count("parent") == 2)
            family.gate.set()
            assert (await it.ended(job_id)).status == "succeeded"
            assert [child.status for child in await it.store.children(job_id)] == ["succeeded"]

    run(story)


def test_a_queued_job_is_cancelled_at_once_and_a_finished_one_stays() -> None:
    async def story() -> None:
        async with lab(Family().plugin) as it:
            later = await it.accept("lab/child", "x", run_at=it.clock.now() + 60_000)
            await it.dispatcher.cancel(later)
            job = await it.dispatcher.follow(later)
            assert (job.status, job.reason) == ("cancelled", "cancelled_by_user")
            done = await it.run("lab/child", "x")
            await it.dispatcher.cancel(done.id)
            assert (await it.dispatcher.follow(done.id)).status == "succeeded"
            with pytest.raises(LookupError):
                await it.dispatcher.follow("00000000-0000-7000-8000-000000000000")
            assert done.status in TERMINAL

    run(story)
