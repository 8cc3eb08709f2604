"""The same command as `bench.py` has, in a worker's process."""

from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("bench_worker", isolation="worker")


class Echo(Struct):
    name: str


class Echoed(Struct):
    text: str


@plugin.command
async def echo(data: Echo, ctx: Context) -> Echoed:  # noqa: ARG001  the signature of every command
    """Say it again."""
    return Echoed(text=f"Hello, {data.name}!")
