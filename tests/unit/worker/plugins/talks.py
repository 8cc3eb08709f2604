"""A plugin that uses all of its context, in both forms."""

import os
import threading
import time

from msgspec import Struct

from hookyard import Context, Plugin, SyncContext
from hookyard.errors import CallError, EgressDenied, SecretUnavailable

plugin = Plugin("talks", isolation="worker", secrets=("key",))


class In(Struct):
    text: str = "it"
    number: int = 0


class Out(Struct):
    text: str


@plugin.command
async def everything(data: In, ctx: Context) -> Out:
    ctx.log.info("said", number=1, odd=threading.Lock())
    ctx.progress(1, 2, "half")
    ctx.emit("thing.done", In())
    parts = [await ctx.secrets.get("key"), str(await ctx.state.put("k", [1]))]
    parts.append((await ctx.call("other/works", In(), type=Out)).text)
    try:
        await ctx.call("other/fails", In())
    except CallError as error:
        parts += [error.code, str(error.job_id), str(error.retryable)]
    parts.append(str(await ctx.state.put("k", [2], expected=1)))
    parts.append(await ctx.spawn("other/later", In()))
    counted = await ctx.state.update("n", int, lambda before: before + 1, 40)
    parts.append(str(counted))
    await ctx.state.put("gone", "soon")
    await ctx.state.delete("gone")
    parts.append(",".join(await ctx.state.keys()))
    parts += [f"{entry.key}{entry.version}={entry.value}" async for entry in ctx.state.items(int, prefix="n")]
    parts.append(str(await ctx.state.get("gone", str, "nothing")))
    async with ctx.artifacts.open("a") as sink:
        await sink.write(b"a")
        await sink.write(b"b")
    parts.append(str(await ctx.artifacts.read("a")))
    await ctx.artifacts.put_json("b", In("as json"))
    parts.append((await ctx.artifacts.read_json("b", In)).text)
    parts += [str(piece) async for piece in ctx.artifacts.stream("theirs", job_id="job-0")]
    parts.append((await ctx.http.get(data.text)).text)
    ctx.raise_if_cancelled()
    try:
        await ctx.secrets.get("none")
    except SecretUnavailable as error:
        parts.append(type(error).__name__)
    return Out("|".join(parts))


@plugin.command
def everything_sync(data: In, ctx: SyncContext) -> Out:
    ctx.log.info("said", number=1, odd=threading.Lock())
    ctx.progress(1, 2, "half")
    ctx.emit("thing.done", In())
    parts = [ctx.secrets.get("key"), str(ctx.state.put("k", [1])), ctx.call("other/works", In(), type=Out).text]
    try:
        ctx.call("other/fails", In())
    except CallError as error:
        parts += [error.code, str(error.job_id), str(error.retryable)]
    parts.append(str(ctx.state.put("k", [2], expected=1)))
    parts.append(ctx.spawn("other/later", In()))
    counted = ctx.state.update("n", int, lambda before: before + 1, 40)
    parts.append(str(counted))
    ctx.state.put("gone", "soon")
    ctx.state.delete("gone")
    parts.append(",".join(ctx.state.keys()))
    parts += [f"{entry.key}{entry.version}={entry.value}" for entry in ctx.state.items(int, prefix="n")]
    parts.append(str(ctx.state.get("gone", str, "nothing")))
    with ctx.artifacts.open("a") as sink:
        sink.write(b"a")
        sink.write(b"b")
    parts.append(str(ctx.artifacts.read("a")))
    ctx.artifacts.put_json("b", In("as json"))
    parts.append(ctx.artifacts.read_json("b", In).text)
    parts += [str(piece) for piece in ctx.artifacts.stream("theirs", job_id="job-0")]
    parts.append(ctx.http.get(data.text).text)
    ctx.raise_if_cancelled()
    try:
        ctx.secrets.get("none")
    except SecretUnavailable as error:
        parts.append(type(error).__name__)
    return Out("|".join(parts))


@plugin.command
async def pid(data: In, ctx: Context) -> Out:
    return Out(str(os.getpid()))


@plugin.command
async def deadline(data: In, ctx: Context) -> Out:
    return Out(str((ctx.job.deadline or 0) - int(time.time() * 1000)))


@plugin.command
async def asks_for_ever(data: In, ctx: Context) -> Out:
    return Out(await ctx.secrets.get("key"))


@plugin.command
def asks_for_ever_sync(data: In, ctx: SyncContext) -> Out:
    return Out(ctx.secrets.get("key"))


@plugin.command
async def chatters(data: In, ctx: Context) -> Out:
    for _ in range(20_000):
        ctx.log.info("chatter", text="x" * 1000)
    return Out("done")


@plugin.command
async def calls_out(data: In, ctx: Context) -> Out:
    try:
        await ctx.http.get("https://127.0.0.1/")
    except EgressDenied as error:
        return Out(f"{type(error).__name__}: {error}")
    return Out("got out")


@plugin.command
def calls_out_sync(data: In, ctx: SyncContext) -> Out:
    try:
        ctx.http.get("https://127.0.0.1/")
    except EgressDenied as error:
        return Out(f"{type(error).__name__}: {error}")
    return Out("got out")
