"""The smallest Hookyard plugin there is: one command, from one Struct to another."""

from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("hello")


class Greet(Struct):
    """Whom to greet."""

    name: str


class Greeting(Struct):
    """What to say."""

    text: str


@plugin.command
async def greet(data: Greet, ctx: Context) -> Greeting:
    """Say hello to one person."""
    return Greeting(text=f"Hello, {data.name}!")
