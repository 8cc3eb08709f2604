"""The commands that the benchmarks run: as small as a command can be, so that what is measured is Hookyard."""

from msgspec import Struct

from hookyard import Context, Plugin
from hookyard.inbound.events import github

plugin = Plugin("bench")


class Echo(Struct):
    name: str


class Echoed(Struct):
    text: str


@plugin.command
async def echo(data: Echo, ctx: Context) -> Echoed:  # noqa: ARG001  the signature of every command
    """Say it again."""
    return Echoed(text=f"Hello, {data.name}!")


class Repository(Struct):
    full_name: str


class Push(Struct):
    ref: str
    after: str
    repository: Repository


class Seen(Struct):
    ref: str


@plugin.command
async def push(data: Push, ctx: Context) -> Seen:  # noqa: ARG001  the signature of every command
    """Take what it needs of a push."""
    return Seen(data.ref)


@plugin.command
async def typed_push(data: github.Push, ctx: Context) -> Seen:  # noqa: ARG001  the signature of every command
    """Take a push as Hookyard's own type has it."""
    return Seen(data.ref or "")
