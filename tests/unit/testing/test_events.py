"""What commands emitted, as the Structs that it is: of a host, of a fake and of a context made for one function."""

import asyncio

import msgspec
import pytest
from msgspec import Struct

from hookyard import Context, ContextError, Plugin
from hookyard.testing import FakeContext, FakePort, Host, run_command


class Order(Struct):
    number: int


class OrderPlaced(Struct):
    number: int
    by: str = "ada"


class Strange(Struct):
    colour: str


plugin = Plugin("shop", events={"order.placed": OrderPlaced})


@plugin.command
async def buy(data: Order, ctx: Context) -> Order:
    """Buy, and say so."""
    ctx.emit("order.placed", OrderPlaced(data.number))
    ctx.emit("order.seen", data)
    return data


@plugin.command
async def blunder(data: Order, ctx: Context) -> Order:
    """Say it wrongly."""
    ctx.emit("order.placed", Strange("red"))
    return data


def test_a_host_gives_what_events_of_a_type_said() -> None:
    with Host() as host:
        host.load(plugin)
        for number in (7, 8):
            host.trigger(buy, Order(number))
        assert host.emitted("order.placed", OrderPlaced) == (OrderPlaced(7), OrderPlaced(8))
        assert host.emitted("order.seen", Order) == (Order(7), Order(8))
        assert host.emitted("order.lost", Order) == ()
        with pytest.raises(msgspec.ValidationError, match="colour"):
            host.emitted("order.placed", Strange)
        with pytest.raises(ContextError, match="is not what the plugin declares"):
            host.trigger(blunder, Order(9))
        assert len(host.emitted("order.placed", OrderPlaced)) == 2


def test_a_fake_gives_it_too() -> None:
    fake = FakePort()
    run_command(plugin, buy, Order(7), host=fake)
    assert fake.emitted("order.placed", OrderPlaced) == (OrderPlaced(7),)
    assert fake.emitted("order.lost", Order) == ()


def test_a_context_holds_a_function_to_the_events_that_it_is_given() -> None:
    context = FakeContext(events=plugin.events)
    asyncio.run(buy(Order(7), context))
    assert context.host.emitted("order.placed", OrderPlaced) == (OrderPlaced(7),)
    with pytest.raises(ContextError, match="is not what the plugin declares: Object missing"):
        asyncio.run(blunder(Order(7), context))
    asyncio.run(blunder(Order(7), FakeContext()))  # which knows of none
