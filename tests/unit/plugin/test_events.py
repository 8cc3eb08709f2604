import asyncio

import pytest
from msgspec import Struct

from hookyard import Context, ContextError, DeclarationError, Plugin
from hookyard.testing import run_command
from hookyard.testing.port import FakePort


class OrderPlaced(Struct):
    number: int
    customer: str = ""


class Nothing(Struct):
    pass


class Unreadable(Struct):
    loop: asyncio.AbstractEventLoop


def shop() -> Plugin[None]:
    plugin = Plugin("shop", events={"order.placed": OrderPlaced})

    @plugin.command
    async def buy(data: OrderPlaced, ctx: Context[None]) -> Nothing:
        """Buy, and say so."""
        ctx.emit("order.placed", data)
        ctx.emit("order.undeclared", {"anything": True})
        return Nothing()

    @plugin.command
    async def blunder(data: Nothing, ctx: Context[None]) -> Nothing:
        """Say it wrongly."""
        ctx.emit("order.placed", {"number": "seven"})
        return Nothing()

    return plugin


def test_a_plugin_declares_its_events_with_their_types() -> None:
    assert {name: spec.data for name, spec in shop().events.items()} == {"order.placed": OrderPlaced}
    assert Plugin("shop").events == {}


def test_a_declared_event_is_emitted_with_its_data_and_an_undeclared_one_with_any() -> None:
    host = FakePort()
    run_command(shop(), "buy", OrderPlaced(7, "ada"), host=host)
    assert [(each.type, each.payload) for each in host.events] == [
        ("order.placed", b'{"number":7,"customer":"ada"}'),
        ("order.undeclared", b'{"anything":true}'),
    ]


def test_a_declared_event_with_other_data_is_refused_where_it_is_emitted() -> None:
    with pytest.raises(ContextError) as caught:
        run_command(shop(), "blunder", Nothing())
    assert str(caught.value) == (
        "the data of the event 'order.placed' is not what the plugin declares: Expected `int`, got `str` at $.number"
    )


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ({"Order placed": OrderPlaced}, "the event type 'Order placed' is no event type"),
        ({"job.placed": OrderPlaced}, "is reserved"),
        ({"endpoint.gone": OrderPlaced}, "is one of Hookyard's own, as all of breaker, endpoint, schedule"),
        (
            {"order.placed": dict},
            "the data of the event 'order.placed' is <class 'dict'>, and must be a msgspec.Struct",
        ),
        ({"order.placed": Unreadable}, "the data of the event 'order.placed', Unreadable, cannot be told"),
    ],
)
def test_an_event_that_cannot_be_is_refused_where_it_is_declared(events: dict[str, type[Struct]], why: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        Plugin("shop", events=events)
    assert str(caught.value).startswith("plugin 'shop': ")
    assert why in str(caught.value)
