"""Inbound webhooks at the gateway: verified first, stored once, and silent about why not."""

import hmac
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.examples import examples
from tests.unit.gateway.hook_lab import PUSH, hook, hub_of, signed
from tests.unit.gateway.lab import JSON, SECRET, House, config_of, house_of, shared

from hookyard.config.model import RouteSettings
from hookyard.errors import StoreUnavailable


def test_a_signed_push_becomes_a_job_of_its_route(house: House) -> None:
    reply = hook(house, PUSH, signed(PUSH))
    [job] = house.dispatcher.jobs
    assert reply.status == 202
    assert reply.json == {"job_id": job.id, "status": "queued", "plugin": "hello", "command": "greet"}
    assert reply["location"] == f"/api/v1/jobs/{job.id}"
    assert (job.args, job.principal, job.source, job.priority) == (b'{"name":"Ada"}', "source:hub", "hub", 5)
    assert job.request_id == reply["x-request-id"]


def test_without_a_mapping_the_body_is_the_input_byte_for_byte(house: House) -> None:
    body = b'{ "name": "Ada", "more": [1.0] }'
    assert hook(house, body, signed(body, "star")).status == 202
    assert house.dispatcher.jobs[0].args == body


def test_a_real_push_is_accepted(house: House) -> None:
    body = json.dumps(json.loads(shared("payloads/github/push.json")) | {"who": "Ada"}).encode()
    if len(body) > 4096:  # a real push is larger than the cap of these tests
        body = json.dumps({"who": "Ada", "ref": json.loads(body)["ref"]}).encode()
    assert hook(house, body, signed(body)).status == 202


def test_a_form_is_accepted(house: House) -> None:
    body = urlencode({"payload": PUSH.decode()}).encode()
    headers = [*signed(body)[:3], (b"content-type", b"application/x-www-form-urlencoded")]
    assert hook(house, body, headers).status == 202
    assert house.dispatcher.jobs[0].args == b'{"name":"Ada"}'


def test_a_ping_is_answered_once_it_is_verified_and_makes_no_job(house: House) -> None:
    reply = hook(house, b"{}", signed(b"{}", "ping"))
    assert (reply.status, reply.json) == (200, {"status": "ok", "event": "ping"})
    assert hook(house, b"{}", signed(b"{}", "ping", secret="other")).code == "invalid_signature"
    assert not house.dispatcher.jobs


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("take", ["first", "all"])
@pytest.mark.parametrize("on", ["ping", ("push", "ping")])
def test_a_ping_runs_where_a_route_names_it(lean: bool, take: str, on: str | tuple[str, ...]) -> None:
    routes = (RouteSettings(run="hello/greet"), RouteSettings(on=on, run="hello/look"))
    house = hub_of(lean=lean, routes=routes, take=take)
    ping = [hook(house, b"{}", signed(b"{}", "ping")) for _ in range(2)]
    assert [reply.status for reply in ping] == [202, 202]
    assert [job.command for job in house.dispatcher.jobs] == ["look"], "no route that has it by a glob only"
    assert ping[1].json["duplicate"] is True
    assert hook(house, b"{}", signed(b"{}", "ping", secret="other")).code == "invalid_signature"


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize(
    "route",
    [
        RouteSettings(run="hello/look"),
        RouteSettings(on="p?ng", run="hello/look"),
        RouteSettings(on="ping", if_="has(event.hook)", run="hello/look"),
    ],
)
def test_a_ping_that_no_route_names_or_takes_is_answered_as_ever(lean: bool, route: RouteSettings) -> None:
    house = hub_of(lean=lean, routes=(route,))
    reply = hook(house, b"{}", signed(b"{}", "ping"))
    assert (reply.status, reply.json) == (200, {"status": "ok", "event": "ping"})
    assert not house.dispatcher.jobs


def test_a_delivery_that_came_before_goes_out_under_the_id_of_its_job(house: House) -> None:
    replies = [hook(house, PUSH, signed(PUSH)) for _ in range(2)]
    assert replies[1].json["duplicate"] is True
    assert [reply["x-request-id"] for reply in replies] == [house.dispatcher.jobs[0].id] * 2


@pytest.mark.parametrize("lean", [True, False])
def test_an_event_of_a_plugin_that_does_not_run_is_answered_503_once_it_is_verified(lean: bool) -> None:
    usual = config_of().sources["hub"]
    broken = replace(usual, routes=(RouteSettings(on="push", run="broken/run", with_={"x": "$.y"}), *usual.routes[1:]))
    house = house_of(replace(config_of(), sources={"hub": broken}), lean=lean, inactive={"broken"})
    reply = hook(house, PUSH, signed(PUSH))
    assert (reply.status, reply.code, reply.json["retryable"]) == (503, "plugin_unavailable", True)
    assert int(reply["retry-after"]) > 0
    assert hook(house, PUSH, signed(PUSH, secret="other")).code == "invalid_signature"
    assert hook(house, PUSH, signed(PUSH, "ping")).status == 200
    body = b'{"name":"Ada"}'
    assert hook(house, body, signed(body, "star")).status == 202


def test_an_event_without_a_route_is_answered_200_and_ignored(house: House) -> None:
    reply = hook(house, b"{}", signed(b"{}", "watch"))
    assert (reply.status, reply.json) == (200, {"status": "ignored", "event": "watch"})
    assert not house.dispatcher.jobs


def test_the_same_delivery_is_the_same_job(house: House) -> None:
    first, second = hook(house, PUSH, signed(PUSH)), hook(house, PUSH, signed(PUSH))
    assert second.status == 202
    assert second.json == first.json | {"duplicate": True}
    assert len(house.dispatcher.jobs) == 1


def test_the_same_delivery_with_another_body_is_409(house: House) -> None:
    first = hook(house, PUSH, signed(PUSH))
    other = b'{"who": "Bo"}'
    second = hook(house, other, signed(other))
    assert (second.status, second.code) == (409, "idempotency_mismatch")
    assert second.json["job_id"] == first.json["job_id"]


def test_a_delivery_id_is_ones_own_sources(house: House) -> None:
    digest = hmac.digest(SECRET.encode(), b"{}", "sha256").hex().encode()
    assert hook(house, b"{}", [(b"x-signature", digest)], "plain").status == 202
    assert hook(house, b"{}", [(b"x-signature", digest)], "plain").json["duplicate"]
    assert hook(house, b"{ }", [(b"x-signature", digest)], "plain").code == "invalid_signature"


@pytest.mark.parametrize("change", ["secret", "body", "missing", "twice", "sha1"])
def test_a_forged_request_is_401_and_learns_nothing(house: House, lines: list[object], change: str) -> None:
    headers = dict(signed(PUSH, secret="guess" if change == "secret" else SECRET))
    body = PUSH + b" " if change == "body" else PUSH
    if change in ("missing", "sha1"):
        del headers[b"x-hub-signature-256"]
    if change == "sha1":
        headers[b"x-hub-signature"] = b"sha1=" + hmac.digest(SECRET.encode(), PUSH, "sha1").hex().encode()
    twice = [(b"x-hub-signature-256", headers[b"x-hub-signature-256"])] if change == "twice" else []
    reply = hook(house, body, [*headers.items(), *twice])
    assert (reply.status, reply.code) == (401, "invalid_signature")
    assert reply.json["detail"] == "The request is not signed as it must be."
    assert reply["www-authenticate"] == 'Signature realm="hookyard"'
    assert not house.dispatcher.jobs
    assert '"step"' in repr(lines).replace("'", '"')
    assert hmac.digest(SECRET.encode(), body, "sha256").hex() not in repr(lines) + reply.body.decode()


@pytest.mark.parametrize("name", [b"x-github-event", b"x-github-delivery"])
def test_a_signed_request_without_its_event_or_delivery_is_400_and_with_two_is_not_signed(
    house: House, name: bytes
) -> None:
    headers = [pair for pair in signed(PUSH) if pair[0] != name]
    assert hook(house, PUSH, headers).code == "invalid_request"
    assert hook(house, PUSH, [*signed(PUSH), (name, b"push")]).code == "invalid_signature"
    assert not house.dispatcher.jobs


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"who": "\xff"}', b'{"who":"A","name":"A","x":' + b"[" * 2000, b"who=Ada"]
)
@pytest.mark.parametrize("event", ["push", "star"])
def test_a_signed_body_that_is_not_json_is_400(house: House, body: bytes, event: str) -> None:
    assert hook(house, body, signed(body, event)).code == "invalid_json"
    assert not house.dispatcher.jobs


def test_a_full_queue_is_503_with_retry_after(house: House) -> None:
    house.dispatcher.failure = StoreUnavailable("Full.", code="busy")
    reply = hook(house, PUSH, signed(PUSH))
    assert (reply.status, reply.code, reply["retry-after"]) == (503, "busy", "1")


def test_a_bearer_token_is_no_signature(house: House) -> None:
    assert hook(house, PUSH, [(b"authorization", b"Bearer t-admin"), JSON]).code == "invalid_signature"


HOUSES = (house_of(lean=True), house_of(lean=False))
VALUES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"sha256=", b"sha256=" + b"0" * 64, b"push", b"d-1", b"application/x-www-form-urlencoded"]),
)
NAMES = st.sampled_from(
    [b"x-hub-signature-256", b"x-github-event", b"x-github-delivery", b"content-type", b"x-request-id", b"expect"]
)


@settings(max_examples=examples(100))
@given(headers=st.lists(st.tuples(NAMES, VALUES), max_size=8), body=st.binary(max_size=300), chunked=st.booleans())
def test_whatever_is_not_signed_is_401_and_never_a_job(
    headers: list[tuple[bytes, bytes]], body: bytes, chunked: bool
) -> None:
    for house in HOUSES:
        house.dispatcher.jobs.clear()
        reply = house.call("POST", "/hooks/hub", headers, [body] if chunked else body)
        assert (reply.status, reply.code) == (401, "invalid_signature")
        assert not house.dispatcher.jobs


@settings(max_examples=examples(100))
@given(
    body=st.one_of(st.binary(max_size=300), st.sampled_from([PUSH, b"payload=%7B%7D", b"{}"])),
    event=st.one_of(st.sampled_from(["push", "star", "ping", "watch"]), st.text(max_size=20)),
    more=st.lists(st.tuples(NAMES, VALUES), max_size=3),
)
def test_whatever_is_signed_is_answered_and_never_with_a_500(
    body: bytes, event: str, more: list[tuple[bytes, bytes]]
) -> None:
    for house in HOUSES:
        house.dispatcher.jobs.clear()
        reply = hook(house, body, [*signed(body, event), *more])
        assert reply.status in (200, 202, 400, 401, 409, 415, 422)
        assert len(house.dispatcher.jobs) <= (reply.status in (202, 422))
