import msgspec
import pytest
from hookyard_events import MOST_BYTES, Event, plugin, send

from hookyard.testing import FakePort, run_command

DATA = b'{"number": 7, "price": 1.10}'


def test_the_event_is_told_with_its_data_to_the_byte() -> None:
    port = FakePort()
    assert run_command(plugin, send, Event(type="order.placed", data=msgspec.Raw(DATA)), host=port) is None
    [event] = port.events
    assert (event.type, event.payload) == ("order.placed", DATA)


def test_what_makes_two_events_the_same_is_kept_with_the_event() -> None:
    port = FakePort()
    for key in ({}, {"dedupe_key": None}, {"dedupe_key": "k" * 200}):
        run_command(plugin, "send", {"type": "order.placed", "data": {}, **key}, host=port)
    assert [event.dedupe_key for event in port.events] == [None, None, "k" * 200]


@pytest.mark.parametrize("data", [None, 7, "text", [], {}])
def test_the_data_may_be_any_json(data: object) -> None:
    port = FakePort()
    run_command(plugin, "send", {"type": "order.placed", "data": data}, host=port)
    assert [msgspec.json.decode(event.payload) for event in port.events] == [data]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"type": "order"}, "type: '.*' is no event type; that is words of a-z, 0-9 and _ with dots between"),
        ({"type": "Order.placed"}, "type: '.*' is no event type; that is words of a-z, 0-9 and _ with dots between"),
        ({"type": "order.placed\n"}, "type: '.*' is no event type; that is words of a-z, 0-9 and _ with dots between"),
        ({"type": ""}, "type: '.*' is no event type; that is words of a-z, 0-9 and _ with dots between"),
        ({"type": f"order.{'x' * 200}"}, "type: 'order.x+' is no event type"),
        ({"type": 7}, r"Expected `str`, got `int` - at `\$.type`"),
        ({"type": "job.succeeded"}, "type: 'job.succeeded' is reserved: the events of jobs are Hookyard's own"),
        ({"type": "breaker.opened"}, "type: 'breaker.opened' is one of Hookyard's own, as all of breaker, endpoint"),
        ({"type": "delivery.failed"}, "type: 'delivery.failed' is one of Hookyard's own"),
        ({"data": "x" * (MOST_BYTES - 1)}, "data: it has 1000001 bytes, and an event may have 1000000"),
        ({"dedupe_key": "k" * 201}, r"length <= 200 - at `\$.dedupe_key`"),
        ({"dedupe_key": 7}, r"Expected `str \| null`, got `int` - at `\$.dedupe_key`"),
        ({"payload": {}}, "unknown field `payload`"),
    ],
)
def test_what_is_no_event_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        run_command(plugin, "send", {"type": "order.placed", "data": {}} | given)


@pytest.mark.parametrize("missing", ["type", "data"])
def test_an_event_has_a_type_and_data(missing: str) -> None:
    given = {name: value for name, value in {"type": "order.placed", "data": {}}.items() if name != missing}
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{missing}`"):
        run_command(plugin, "send", given)


def test_the_largest_event_is_told() -> None:
    port = FakePort()
    run_command(plugin, "send", {"type": "order.placed", "data": "x" * (MOST_BYTES - 2)}, host=port)
    assert [len(event.payload) for event in port.events] == [MOST_BYTES]
