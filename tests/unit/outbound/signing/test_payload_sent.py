"""Endpoints with nothing round an event's data, against a whole service and a receiver on loopback."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from msgspec import json as fast
from tests.unit.gateway.endpoints.hall import SECRET, Hall, in_hall, refused

from hookyard.client import verify
from hookyard.client.verify import Form
from hookyard.testing.receiver import Received, answering, ok

PLUGIN = '''
from typing import Any

from msgspec import Struct
from hookyard import Context, Plugin


class Counted(Struct):
    n: int


plugin = Plugin("says", events={"thing.counted": Counted})


class Said(Struct):
    data: Any
    event: str = "thing.said"


@plugin.command
async def say(said: Said, ctx: Context) -> None:
    """Emit anything."""
    ctx.emit(said.event, said.data)
'''
MINUTE = 60_000
SAID: tuple[object, ...] = (
    {"number": 7, "inside": {"a": [1, None]}},
    [1, "two", {"three": 3}],
    "text",
    'say ": hi',
    "größe \N{SNOWMAN} 𝄞",
    7,
    -1.5,
    True,
    None,
    {},
    {"job_id": "x", "payload": {"data": 1}, "type": "another"},
    "x" * 200_000,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a plugin stands whose command emits anything."""
    plugins = tmp_path / "plugins"
    plugins.mkdir(mode=0o755)
    (plugins / "says.py").write_text(PLUGIN)
    (plugins / "says.py").chmod(0o644)
    return tmp_path


async def say(call: Hall, data: object, event: str = "thing.said") -> str:
    return await call.run("says/say", payload={"data": data, "event": event})


async def change(call: Hall, name: str, **patch: object) -> None:
    answer = await call("PATCH", f"/endpoints/{name}", patch)
    assert answer.status_code == 200, answer.text


def verified(call: Hall, request: Received, form: Form) -> None:
    verify(request.headers, request.body, SECRET, form=form, now=call.clock.now() / 1000, url=call.receiver.url())


@pytest.mark.parametrize("form", ["standard", "plain", "http"])
def test_whatever_a_command_emits_is_the_whole_body_and_verifies(folder: Path, form: Form) -> None:
    signature = "plain" if form == "plain" else "standard"

    async def work(call: Hall) -> None:
        shape: dict[str, Any] = {"signature": signature, "http_signature": form == "http"}
        await call.make(
            "app", envelope="payload", events=["thing.*"], secrets=[SECRET], order={"by": "endpoint"}, **shape
        )
        for said in SAID:
            await say(call, said)
        rows = await call.settled("endpoint=app&limit=50", len(SAID))
        assert [json.loads(one.body) for one in call.receiver.requests] == list(SAID)
        for request in call.receiver.requests:
            verified(call, request, form)
            assert request.headers["x-webhook-event"] == "thing.said"
            assert request.headers["content-type"] == "application/json"
        header = "x-webhook-delivery" if form == "plain" else "webhook-id"
        assert {one.headers[header] for one in call.receiver.requests} == {row["id"] for row in rows}

    in_hall(folder, work)


def test_of_jobs_and_of_hookyard_itself_the_body_is_the_data(folder: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("app", envelope="payload", events=["job.succeeded", "endpoint.*"])
        job = await call.run("hello/greet")
        await call.make("other", events=["no.such"])
        await call.settled("endpoint=app", 2)
        got = {one.headers["x-webhook-event"]: json.loads(one.body) for one in call.receiver.requests}
        assert (got["job.succeeded"]["job_id"], got["job.succeeded"]["result"]) == (job, {"text": "Ada"})
        created = got["endpoint.created"]
        assert (created["plugin"], created["command"]) == ("hookyard", "endpoint")
        assert created["payload"] == {"endpoint": "other", "by": "token:admin"}

    in_hall(folder, work)


def test_conditions_orders_and_what_is_shown_are_of_the_standard_body(folder: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make(
            "app",
            envelope="payload",
            events=["thing.*"],
            order={"by": "$.data.payload.key"},
            **{"if": "type == 'thing.said' && data.payload.n > 1"},
        )
        jobs = [await say(call, {"n": number, "key": "k"}) for number in (1, 2, 3)]
        newest, _ = await call.settled("endpoint=app", 2)
        assert [json.loads(one.body)["n"] for one in call.receiver.requests] == [2, 3]
        shown = (await call("GET", f"/deliveries/{newest['id']}")).json()
        assert (shown["order_key"], shown["event"], shown["body"]["type"]) == ("k", "thing.said", "thing.said")
        assert (shown["body"]["data"]["job_id"], shown["body"]["data"]["payload"]) == (jobs[-1], {"n": 3, "key": "k"})

    in_hall(folder, work)


@pytest.mark.parametrize("envelope", ["payload", "cloudevents"])
def test_what_waits_is_sent_as_the_endpoint_says_at_each_attempt(folder: Path, envelope: str) -> None:
    async def work(call: Hall) -> None:
        await call.make("app", events=["thing.*"], breaker="off")
        await say(call, {"n": 1})
        row, *_ = await call.settled("endpoint=app", 1, "pending")
        await call.receiver.until(lambda: len(call.receiver.requests) == 1)
        await change(call, "app", envelope=envelope)
        call.receiver.handler = ok
        call.clock.advance(MINUTE)
        await call.settled("endpoint=app", 1)
        await change(call, "app", envelope=None)
        assert (await call("POST", f"/deliveries/{row['id']}/resend")).is_success
        await call.receiver.until(lambda: len(call.receiver.requests) == 3)
        first, second, third = call.receiver.requests
        assert {one.headers["webhook-id"] for one in call.receiver.requests} == {row["id"]}
        assert first.body == third.body
        assert (json.loads(first.body)["type"], "x-webhook-event" in first.headers) == ("thing.said", False)
        expected: Callable[[Any], object] = (
            (lambda body: body) if envelope == "payload" else (lambda body: body["data"]["payload"])
        )
        assert expected(json.loads(second.body)) == {"n": 1}
        assert ("x-webhook-event" in second.headers) == (envelope == "payload")

    in_hall(folder, work, answering(500))


def test_what_is_recovered_or_replayed_has_nothing_round_it_either(folder: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("app", envelope="payload", events=["thing.*"], breaker="off", schedule=["0s"])
        await say(call, "lost")
        await call.settled("endpoint=app", 1, "failed")
        await change(call, "app", enabled=False)
        await say(call, "missed")
        await change(call, "app", enabled=True)
        call.receiver.handler = ok
        for way in ("recover", "replay"):
            answer = await call("POST", f"/endpoints/app/{way}", {"since": "2026-05-01T00:00:00Z"})
            assert answer.is_success, answer.text
            await call.settled("endpoint=app", 1 if way == "recover" else 2)
        assert [one.body for one in call.receiver.requests] == [b'"lost"', b'"lost"', b'"missed"']
        assert {one.headers["x-webhook-event"] for one in call.receiver.requests} == {"thing.said"}

    in_hall(folder, work, answering(500))


def test_samples_are_of_the_same_shape_and_their_type_is_answered(folder: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("app", envelope="payload", events=["thing.*"])
        for number, event in enumerate(("job.succeeded", "thing.counted", "endpoint.created"), start=1):
            sent = (await call("POST", "/endpoints/app/test", {"event": event})).json()
            assert sent["event"] == event
            await call.settled("endpoint=app", number)
            request = call.receiver.requests[-1]
            whole = (await call("GET", f"/deliveries/{sent['delivery_id']}")).json()["body"]
            data: Mapping[str, Any] = whole["data"]
            assert request.headers["x-webhook-event"] == event
            assert json.loads(request.body) == (data["payload"] if event == "thing.counted" else data)

    in_hall(folder, work)


def test_a_callback_url_is_told_in_the_standard_envelope(folder: Path) -> None:
    async def work(call: Hall) -> None:
        job = await call.run("hello/greet", callback_url=call.receiver.url())
        await call.settled(f"job_id={job}", 1)
        (request,) = call.receiver.requests
        assert fast.decode(request.body, type=dict[str, Raw]).keys() == {"type", "timestamp", "data"}
        assert "x-webhook-event" not in request.headers

    in_hall(folder, work)


def test_endpoints_that_say_no_envelope_have_that_of_the_settings_and_callback_urls_never_do(folder: Path) -> None:
    async def made(call: Hall) -> None:
        await call.make("app", events=["thing.*"])
        await call.make("own", events=["thing.*"], envelope="standard")
        await say(call, {"n": 1})
        await call.settled("", 2)
        assert [list(json.loads(one.body)) for one in call.receiver.requests] == [["type", "timestamp", "data"]] * 2

    async def after(call: Hall) -> None:
        """Another start, with another default, which what was made before follows."""
        url = call.receiver.url()
        for name in ("app", "own"):
            await change(call, name, url=url)
        assert (await call("GET", "/endpoints/app")).json()["envelope"] is None
        await call.run("says/say", payload={"data": {"n": 2}}, callback_url=url)
        await call.settled("", 5)
        bodies = [json.loads(one.body) for one in call.receiver.requests]
        assert {"n": 2} in bodies
        assert sorted(body["type"] for body in bodies if "type" in body) == ["job.succeeded", "thing.said"]
        bare = [one for one in call.receiver.requests if "x-webhook-event" in one.headers]
        assert [json.loads(one.body) for one in bare] == [{"n": 2}]

    in_hall(folder, made)
    outbound = {
        "envelope": "payload",
        "allow_http": True,
        "allow_ports": "any",
        "allow_networks": ["127.0.0.0/8"],
        "callback_secrets": [SECRET],
    }
    in_hall(folder, after, outbound=outbound)


def test_the_envelope_is_shown_checked_and_no_header_of_ones_own_stands_in_for_the_type(folder: Path) -> None:
    async def work(call: Hall) -> None:
        assert (await call.make("app", envelope="payload"))["envelope"] == "payload"
        assert (await call("GET", "/endpoints/app")).json()["envelope"] == "payload"
        await change(call, "app", envelope=None)
        assert (await call("GET", "/endpoints/app")).json()["envelope"] is None
        for wrong in ("none", "Payload", 7):
            answer = await call("POST", "/endpoints", call.body(name="b", envelope=wrong))
            assert refused(answer) == (400, "invalid_input", "$.envelope")
            assert refused(await call("PATCH", "/endpoints/app", {"envelope": wrong}))[2] == "$.envelope"
        own = call.body(name="b", envelope="payload", headers={"X-Webhook-Event": "mine"})
        assert refused(await call("POST", "/endpoints", own))[1] == "invalid_input"

    in_hall(folder, work)
