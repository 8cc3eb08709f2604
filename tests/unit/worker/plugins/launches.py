"""A plugin that runs programs which do not want to end."""

import asyncio
import signal
import subprocess

from msgspec import Struct

from hookyard import Context, Plugin, SyncContext, programs

plugin = Plugin("launches", isolation="worker")

STUBBORN = "trap '' TERM; sleep 600 & echo $$ $!; wait"
ENV = {"PATH": "/usr/bin:/bin"}


class In(Struct):
    text: str = "x"
    number: int = 0


class Out(Struct):
    text: str


@plugin.command
async def stubborn(data: In, ctx: Context) -> Out:
    """Run one as plugins should; the progress says which processes there are."""
    await programs.run(
        ["bash", "-c", STUBBORN],
        cwd="/",
        env=ENV,
        grace=600,
        on_stdout=lambda piece: ctx.progress(0, message=piece.decode()),
    )
    return Out("it has ended")


@plugin.command
def stubborn_sync(data: In, ctx: SyncContext) -> Out:
    """The same from a thread."""
    programs.run_blocking(
        ["bash", "-c", STUBBORN],
        cwd="/",
        env=ENV,
        grace=0.2,
        stop=lambda: ctx.cancelled,
        on_stdout=lambda piece: ctx.progress(0, message=piece.decode()),
    )
    return Out("it has ended")


@plugin.command
async def own(data: In, ctx: Context) -> Out:
    """Start one by other means, and do not let go of it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctx.progress(0, message=_started())
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


@plugin.command
async def leaves(data: In, ctx: Context) -> Out:
    return Out(_started())


@plugin.command
async def short(data: In, ctx: Context) -> Out:
    """Run one that ends by itself."""
    ended = await programs.run(["cat"], cwd="/", env=ENV, stdin=data.text.encode())
    return Out(ended.stdout.decode())


def _started() -> str:
    process = subprocess.Popen(
        ["/bin/bash", "-c", STUBBORN], stdout=subprocess.PIPE, env=ENV, process_group=0, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        return process.stdout.readline()
