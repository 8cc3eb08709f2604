import asyncio
import datetime as dt
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hookyard import CommandError, Context, Plugin, SyncContext
from hookyard.errors import AttemptTimedOut, InvalidOutput
from hookyard.testing import run_command


class Config(Struct):
    word: str = "Hello"


class Greet(Struct):
    name: str


class Greeting(Struct):
    text: str


plugin = Plugin("hello", config=Config)


@plugin.command
async def greet(data: Greet, ctx: Context[Config]) -> Greeting:
    if data.name == "nobody":
        raise CommandError("there is nobody", code="nobody")
    return Greeting(f"{ctx.config.word}, {data.name}!")


@plugin.command
def sync(data: Greet, ctx: SyncContext[Config]) -> list[dt.timedelta]:
    return [dt.timedelta(seconds=len(data.name))]


@plugin.command
async def slow(data: Greet, ctx: Context) -> None:
    await asyncio.Event().wait()


@plugin.command
async def liar(data: Greet, ctx: Context) -> int:
    wrong: Any = "one"
    return wrong  # type: ignore[no-any-return]


@pytest.mark.parametrize("data", [Greet("Ada"), {"name": "Ada"}, b'{"name": "Ada"}'])
def test_the_input_may_be_a_struct_a_mapping_or_json(
    data: Greet | bytes | dict[str, object],
) -> None:
    assert run_command(plugin, greet, data) == Greeting("Hello, Ada!")
    assert run_command(plugin, "greet", data) == Greeting("Hello, Ada!")


def test_the_answer_has_been_through_json() -> None:
    assert run_command(plugin, sync, Greet("Ada")) == [dt.timedelta(seconds=3)]


def test_the_configuration_is_handed_over() -> None:
    assert run_command(plugin, greet, Greet("Ada"), config=Config("Good day")).text == "Good day, Ada!"


def test_a_wrong_input_is_refused_as_a_server_refuses_it() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$.name"):
        run_command(plugin, greet, {"name": 1})


def test_what_the_command_raises_reaches_the_test() -> None:
    with pytest.raises(CommandError, match="there is nobody"):
        run_command(plugin, greet, Greet("nobody"))


def test_a_wrong_answer_is_refused() -> None:
    with pytest.raises(InvalidOutput, match="hello/liar"):
        run_command(plugin, liar, Greet("Ada"))


def test_a_command_that_takes_too_long_is_ended() -> None:
    with pytest.raises(AttemptTimedOut):
        run_command(plugin, slow, Greet("Ada"), timeout=0.02)


def test_a_command_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(LookupError, match="has no command 'gret'; it has greet, sync, slow, liar"):
        run_command(plugin, "gret", {})
