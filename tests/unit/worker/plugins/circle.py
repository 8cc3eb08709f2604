"""A plugin whose commands call one another."""

from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("circle", isolation="worker")


class In(Struct):
    text: str = "x"
    number: int = 0


class Out(Struct):
    text: str


@plugin.command
async def child(data: In, ctx: Context) -> Out:
    return Out("answered")


@plugin.command
async def caller(data: In, ctx: Context) -> Out:
    return await ctx.call("circle/child", data, type=Out)


@plugin.command
async def chain(data: In, ctx: Context) -> Out:
    return await ctx.call("circle/caller", data, type=Out)
