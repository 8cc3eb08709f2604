"""What a Ductile plugin is sent, byte for byte where that matters."""

import json
from typing import Any

import pytest
from msgspec import Raw

from hookyard.context import JobInfo
from hookyard.runners.ductile.request import request_of

EMPTY = b"{}"


def sent(command: str, args: bytes, *, source: str | None = None, state: dict[str, Raw] | None = None) -> Any:  # noqa: ANN401  JSON
    raw = request_of(JobInfo(id="j", plugin="p", command=command, source=source), args, None, state or {}, 0)
    assert raw.endswith(b"}\n")
    assert raw.count(b"\n") == 1, "some plugins read one line"
    return json.loads(raw)


@pytest.mark.parametrize("args", [b"", b"{}", b" { \n } "])
def test_an_empty_payload_is_left_out(args: bytes) -> None:
    assert sent("poll", args) == {
        "protocol": 2,
        "job_id": "j",
        "command": "poll",
        "config": {},
        "state": {},
        "deadline_at": "1970-01-01T00:00:00.000Z",
    }


def test_a_custom_command_gets_its_payload_and_no_event() -> None:
    request = sent("sync", b'{"a": 1}')
    assert request["payload"] == {"a": 1}
    assert "event" not in request


def test_numbers_and_texts_pass_as_they_are() -> None:
    exact = b'{"big": 123456789012345678901234567890, "small": 1.10, "text": "caf\\u00e9\\n"}'
    raw = request_of(JobInfo(id="j", plugin="p", command="sync"), exact, {"k": 1}, {"s": Raw(b"[1.50]")}, 0)
    assert b'"payload":' + exact in raw
    assert b'"s":[1.50]' in raw
    assert b'"config":{"k":1}' in raw


def test_what_came_over_several_lines_goes_as_one() -> None:
    request = sent("sync", b'{\n  "a": "x\\ny",\r\n  "n": 1\n}', state={"s": Raw(b"[\n1\n]")})
    assert (request["payload"], request["state"]) == ({"a": "x\ny", "n": 1}, {"s": [1]})


@pytest.mark.parametrize(
    ("args", "source", "event"),
    [
        (EMPTY, None, {"type": "api.trigger", "payload": {}}),
        (b'{"a":1}', None, {"type": "api.trigger", "payload": {"a": 1}}),
        # A trigger is wrapped whatever it holds.
        (b'{"type":"x","payload":{}}', None, {"type": "api.trigger", "payload": {"type": "x", "payload": {}}}),
        (b'{"a":1}', "hub", {"type": "webhook", "payload": {"a": 1}, "source": "hub", "event_id": "j"}),
        (b'{"type":7}', "hub", {"type": "webhook", "payload": {"type": 7}, "source": "hub", "event_id": "j"}),
        (b'{"type":""}', "hub", {"type": "webhook", "payload": {"type": ""}, "source": "hub", "event_id": "j"}),
        (
            b'{"type":"x.y","payload":{"a":1},"dedupe_key":"k","timestamp":"2026-01-01T00:00:00Z","more":1}',
            "hub",
            {
                "type": "x.y", "payload": {"a": 1}, "dedupe_key": "k", "timestamp": "2026-01-01T00:00:00Z",
                "source": "hub", "event_id": "j",
            },
        ),
        (
            b'{"type":"x.y","payload":{},"source":"s","event_id":"e","dedupe_key":null,"timestamp":5}',
            "hub",
            {"type": "x.y", "payload": {}, "source": "s", "event_id": "e"},
        ),
        # Its content stands elsewhere than in `payload`: all of it is kept.
        (
            b'{"type":"x.y","data":{"a":1}}',
            "hub",
            {"type": "x.y", "payload": {"type": "x.y", "data": {"a": 1}}, "source": "hub", "event_id": "j"},
        ),
    ],
)  # fmt: skip
def test_handle_gets_an_event(args: bytes, source: str | None, event: object) -> None:
    assert sent("handle", args, source=source)["event"] == event
