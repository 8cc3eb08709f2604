"""The command that the benchmarks run: as small as a command can be, so that what is measured is Hookyard."""

from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("bench")


class Echo(Struct):
    name: str


class Echoed(Struct):
    text: str


@plugin.command
async def echo(data: Echo, ctx: Context) -> Echoed:  # noqa: ARG001  the signature of every command
    """Say it again."""
    return Echoed(text=f"Hello, {data.name}!")
