import asyncio
import threading

from tests.unit.runners.lab import AsyncBody, In, Out, SyncBody, bind, info_of, start

from hookyard import Context, SyncContext
from hookyard.runners import Runners


async def on_the_loop(data: In, ctx: Context) -> Out:
    return Out(threading.current_thread().name)


def in_a_thread(data: In, ctx: SyncContext) -> Out:
    return Out(threading.current_thread().name)


def test_each_command_runs_where_its_isolation_says() -> None:
    async def main() -> list[bytes]:
        runners = Runners()
        bodies: list[AsyncBody | SyncBody] = [on_the_loop, in_a_thread]
        try:
            return [await start(runners, body) for body in bodies]
        finally:
            await runners.aclose()

    here = threading.current_thread().name
    assert asyncio.run(main()) == [b'{"text":"%s"}' % here.encode(), b'{"text":"hookyard-command"}']


def test_a_command_is_told_of_its_job() -> None:
    seen: list[str] = []

    async def asks(data: In, ctx: Context) -> Out:
        seen.append(ctx.job.id)
        ctx.log.info("asked")
        return Out("x")

    asyncio.run(start(Runners(), asks))
    assert seen == [info_of(bind(asks)).id]
