"""The short ways of reading a trigger's body say what the long one says."""

import msgspec
import pytest

from hookyard.errors import Refused
from hookyard.gateway.envelope import EMPTY, Envelope, When, decode_envelope

NOW = 1_700_000_000_000
SIMPLE = [
    b'{"payload":{"a":1},"delay":3600}',
    b'{"payload":{},"delay":0.5,"priority":-3,"tags":["x","y"]}',
    b'{"payload":{},"run_at":1800000000000,"max_attempts":7}',
    b'{"payload":{},"run_at":"2027-01-15T08:00:00+02:00","timeout":1.5}',
    b'{"payload":[1],"priority":0}',
    b'{"timeout":3}',
]


@pytest.mark.parametrize("body", SIMPLE)
def test_what_needs_no_looking_up_is_read_as_all_else_is(body: bytes) -> None:
    payload, read = decode_envelope(body)
    whole = msgspec.json.decode(body, type=Envelope)
    assert isinstance(read, When)
    assert payload == whole.payload
    assert [getattr(read, name) for name in When.__struct_fields__] == [
        getattr(whole, name) for name in When.__struct_fields__
    ]
    assert (NOW if read.due(NOW) is None else read.due(NOW)) == whole.due(NOW)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"payload":{"a":1}}', b'{"payload":{"a":1} }', b'{"payload":7}'])
def test_a_body_that_asks_for_nothing_is_known_to(body: bytes) -> None:
    assert decode_envelope(body)[1] is EMPTY


@pytest.mark.parametrize(
    "body", [b'{"payload":{},"affinity":"m"}', b'{"delay":1,"payload":{}}', b'{"delay":1,"unique":{"key":"k"}}']
)
def test_whatever_else_a_body_asks_for_is_read_whole(body: bytes) -> None:
    assert decode_envelope(body)[1] == msgspec.json.decode(body, type=Envelope)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"delay":1,"run_at":5}', "$.delay"),
        (b'{"delay":-1}', "$.delay"),
        (b'{"tags":[""]}', "$.tags[0]"),
        (b'{"max_attempts":0}', "$.max_attempts"),
        (b'{"run_at":"2027-01-15T08:00:00"}', "$.run_at"),
        (b'{"timeout":0,"priority":1}', "$.timeout"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: bytes, path: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_envelope(body)
    assert refused.value.path == path
