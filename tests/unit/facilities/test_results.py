"""Results that are too large to be kept with their jobs."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from tests.unit.dispatch.lab import run
from tests.unit.facilities.lab import PATIENCE, In, Lab, Out, lab

from hookyard import Context, Plugin
from hookyard.dispatch.new_job import Ask, make_job
from hookyard.host.registry import Registry
from hookyard.model import Follow, Job

LARGE = "x" * 3_000_000


def plugin() -> Plugin[None]:
    found: Plugin[None] = Plugin("lab")

    @found.command
    async def large(data: In, ctx: Context) -> Out:
        return Out(LARGE)

    @found.command
    async def calls(data: In, ctx: Context) -> Out:
        answer = await ctx.call("lab/large", data, type=Out)
        return Out(str(len(answer.text)))

    @found.command
    async def counts(data: In, ctx: Context) -> Out:
        return Out(str(len(data.text)))

    return found


async def kept(it: Lab, job: Job) -> Mapping[str, tuple[int, str]]:
    return {each.name: (each.size, each.media_type) for each in await it.store.artifacts(job.id)}


def test_a_large_result_is_an_artifact_before_the_job_has_ended_and_is_read_back() -> None:
    async def story() -> None:
        async with lab(plugin()) as it:
            job = await it.run("lab/large")
            body = msgspec.json.encode(Out(LARGE))
            assert (job.status, job.result, job.result_artifact) == ("succeeded", None, "result.json")
            assert await kept(it, job) == {"result.json": (len(body), "application/json")}
            assert (await it.dispatcher.with_result(job)).result == body
            waited = await it.dispatcher.wait(job.id, PATIENCE)
            assert waited is not None
            assert waited.result == body

    run(story)


def test_a_result_within_the_bound_stays_with_its_job() -> None:
    async def story() -> None:
        async with lab(plugin()) as it:
            job = await it.run("lab/counts", "abc")
            assert (job.result, job.result_artifact) == (b'{"text":"3"}', None)
            assert await it.dispatcher.with_result(job) == job
            assert await kept(it, job) == {}

    run(story)


def test_whoever_called_for_a_large_result_and_whatever_follows_it_has_it_whole() -> None:
    async def story() -> None:
        async with lab(plugin()) as it:
            assert (await it.run("lab/calls")).result == b'{"text":"3000000"}'
            command = it.registry.commands["lab/large"]
            new = make_job(
                command,
                args=b'{"text":""}',
                data=None,
                job_id=it.ids(),
                now=it.clock.now(),
                principal="token:test",
                ask=Ask(on_success=(Follow(run="lab/counts"),)),
            )
            await it.dispatcher.accept(new)
            await it.ended(new.job.id)
            (follower,) = await it.store.children(new.job.id)
            assert (await it.ended(follower.id)).result == b'{"text":"3000000"}'

    run(story)


def test_each_command_may_have_a_bound_of_its_own() -> None:
    async def story() -> None:
        async with lab(plugin()) as it:
            commands = {key: replace(command, max_result=5) for key, command in it.registry.commands.items()}
            new = make_job(
                commands["lab/counts"],
                args=b'{"text":"abc"}',
                data=None,
                job_id=it.ids(),
                now=it.clock.now(),
                principal="token:test",
            )
            it.dispatcher.use(Registry(commands=commands))
            await it.dispatcher.accept(new)
            job = await it.ended(new.job.id)
            assert (job.result_artifact, (await it.dispatcher.with_result(job)).result) == (
                "result.json",
                b'{"text":"3"}',
            )

    run(story)


def test_the_content_of_a_deleted_jobs_result_is_gone_too_and_makes_room_in_the_quota() -> None:
    async def story() -> None:
        async with lab(plugin()) as it:
            job = await it.run("lab/large")
            assert [place async for place, *_ in it.objects.locations()]
            assert it.objects.quota.used > len(LARGE)
            await it.dispatcher.delete(job.id)
            assert [place async for place, *_ in it.objects.locations()] == []
            assert it.objects.quota.used == 0

    run(story)
