"""A trigger: what is stored, and what the caller is told."""

import json

import pytest
from msgspec.structs import replace
from tests.unit.gateway.lab import ADMIN, CAP, CI, JSON, LOOKER, House, bearer, config_of, house_of

from hookyard.clock import rfc3339
from hookyard.model import ErrorInfo, Job

HELLO = {"payload": {"name": "Ada"}}


def the_job(house: House) -> Job:
    """The one job that was stored."""
    [job] = house.dispatcher.jobs
    return job


def test_a_trigger_is_stored_and_answered_202_with_where_to_look(house: House) -> None:
    reply = house.trigger(HELLO)
    job = the_job(house)
    assert reply.status == 202
    assert reply.json == {"job_id": job.id, "status": "queued", "plugin": "hello", "command": "greet"}
    assert reply["location"] == f"/api/v1/jobs/{job.id}"
    assert reply["content-type"] == "application/json"
    assert reply["content-length"] == str(len(reply.body))


def test_a_job_carries_what_it_was_asked_with(house: House) -> None:
    house.trigger(HELLO)
    job = the_job(house)
    assert (job.plugin, job.command, job.lane, job.principal, job.source) == (
        "hello",
        "greet",
        "hello/greet",
        "token:ci",
        None,
    )
    assert (job.submitted_at, job.run_at) == (house.clock.now(), house.clock.now())
    assert (job.priority, job.max_attempts, job.timeout, job.callback_url, job.tags) == (3, 4, None, None, ())


def test_the_inputs_own_bytes_are_stored(house: House) -> None:
    house.trigger(b'{ "payload" : { "name" : "\\u0041da",  "unknown": 1.0 } }')
    assert the_job(house).args == b'{ "name" : "\\u0041da",  "unknown": 1.0 }'


def test_every_member_of_the_envelope_reaches_the_job(house: House) -> None:
    reply = house.trigger(
        HELLO
        | {"priority": -7, "delay": 1.5, "max_attempts": 9, "timeout": 2.5}
        | {"callback_url": "https://example.com/done", "tags": ["a", "b"]}
    )
    assert reply.status == 202
    job = the_job(house)
    assert (job.priority, job.run_at, job.max_attempts, job.timeout) == (-7, house.clock.now() + 1500, 9, 2500)
    assert (job.callback_url, job.tags) == ("https://example.com/done", ("a", "b"))


@pytest.mark.parametrize(
    ("run_at", "millis"),
    [
        (1_800_000_000_123, 1_800_000_000_123),
        ("2027-01-15T08:00:00.123Z", 1_800_000_000_123),
        ("2027-01-15T10:00:00.123+02:00", 1_800_000_000_123),
        ("1960-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+14:00", 0),
        ("9999-12-31T23:59:59.999-12:00", 253_402_300_799_999),
    ],
)
def test_run_at_is_rfc_3339_or_milliseconds(house: House, run_at: object, millis: int) -> None:
    assert house.trigger(HELLO | {"run_at": run_at}).status == 202
    assert the_job(house).run_at == millis
    assert rfc3339(millis)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"payload":{}}', b" {} "])
def test_a_command_that_needs_nothing_may_be_called_with_nothing(house: House, body: bytes) -> None:
    assert house.trigger(body, to="hello/look").status == 202
    assert the_job(house).args == b"{}"


def test_an_empty_body_needs_no_media_type(house: House) -> None:
    headers = [bearer(), (b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"0")]
    assert house.call("POST", "/trigger/hello/look", headers).status == 202


@pytest.mark.parametrize(
    "media_type",
    [None, b"application/json", b"Application/JSON; charset=UTF-8", b'application/json;charset="utf-8"',
     b"application/vnd.api+json", b"application/json; profile=x"],
)  # fmt: skip
def test_json_in_any_of_its_names_is_taken_and_no_name_is_json(house: House, media_type: bytes | None) -> None:
    headers = [bearer()] + ([] if media_type is None else [(b"content-type", media_type)])
    assert house.call("POST", "/trigger/hello/greet", headers, json.dumps(HELLO).encode()).status == 202


def test_a_body_that_comes_in_pieces_is_one_body(house: House) -> None:
    body = json.dumps(HELLO).encode()
    pieces = [body[:5], b"", body[5:9], body[9:]]
    assert house.call("POST", "/trigger/hello/greet", [JSON, bearer()], pieces).status == 202
    length = (b"content-length", b"%d" % len(body))
    assert house.call("POST", "/trigger/hello/greet", [JSON, bearer(), length], pieces).status == 202
    assert [job.args for job in house.dispatcher.jobs] == [b'{"name": "Ada"}'] * 2


def test_a_body_of_exactly_the_largest_size_is_taken(house: House) -> None:
    body = json.dumps(HELLO).encode().ljust(CAP)
    assert house.trigger(body).status == 202


@pytest.mark.parametrize(
    "header",
    [bearer(CI), (b"authorization", b"bearer t-ci"), (b"authorization", b"BEARER  t-ci"), (b"x-api-key", b"t-ci")],
)
def test_a_token_comes_as_bearer_or_as_api_key(house: House, header: tuple[bytes, bytes]) -> None:
    assert house.call("POST", "/trigger/hello/greet", [JSON, header], json.dumps(HELLO).encode()).status == 202


def test_a_bearer_token_counts_before_an_api_key(house: House) -> None:
    good, bad = (b"x-api-key", b"t-ci"), bearer("t-unknown")
    assert house.call("POST", "/trigger/hello/look", [bad, good]).status == 401
    assert house.call("POST", "/trigger/hello/look", [(b"authorization", b"Basic eA=="), good]).status == 202


def test_a_read_only_command_needs_less(house: House) -> None:
    assert house.trigger(to="hello/look", token=LOOKER).status == 202
    assert house.trigger(HELLO, token=LOOKER).code == "forbidden"
    assert house.trigger(HELLO, token=ADMIN).status == 202


# --- request ids ------------------------------------------------------------------------------------------------


def test_a_request_id_is_taken_returned_and_stored(house: House) -> None:
    reply = house.trigger(HELLO, (b"x-request-id", b"my.id_4-2"))
    assert reply["x-request-id"] == "my.id_4-2"
    assert the_job(house).request_id == "my.id_4-2"


def test_a_duplicate_goes_out_under_the_id_of_the_job_that_is_stored(house: House) -> None:
    key = (b"idempotency-key", b"k")
    first = house.trigger(HELLO, key)
    again = house.trigger(HELLO, key)
    assert again.json["duplicate"] is True
    assert again["x-request-id"] == first["x-request-id"] == the_job(house).id
    assert house.trigger(HELLO, key, (b"x-request-id", b"mine"))["x-request-id"] == "mine"


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b"a\r\nset-cookie: x", b"\xff", b"a,b"])
def test_a_request_id_of_another_form_is_replaced(house: House, given: bytes) -> None:
    reply = house.trigger(HELLO, (b"x-request-id", given))
    assert reply["x-request-id"] == the_job(house).request_id
    assert len(reply["x-request-id"]) == 36


# --- idempotency ------------------------------------------------------------------------------------------------


def key(text: bytes) -> tuple[bytes, bytes]:
    """The header."""
    return (b"idempotency-key", text)


def test_the_same_key_and_body_give_the_same_job_again(house: House) -> None:
    first, second = house.trigger(HELLO, key(b"k1")), house.trigger(HELLO, key(b"k1"))
    assert second.status == 202
    assert second.json == first.json | {"duplicate": True}
    assert second["location"] == first["location"]
    assert len(house.dispatcher.jobs) == 1


def test_the_same_key_with_another_body_is_a_conflict_that_names_the_job_only(house: House) -> None:
    first = house.trigger({"payload": {"name": "Secretive"}}, key(b"k1"))
    second = house.trigger(HELLO, key(b"k1"))
    assert (second.status, second.code) == (409, "idempotency_mismatch")
    assert second.json["job_id"] == first.json["job_id"]
    assert "Secretive" not in second.body.decode()


def test_a_key_is_ones_own_and_one_commands(house: House) -> None:
    replies = [
        house.trigger(HELLO, key(b"k1")),
        house.trigger(HELLO, key(b"k1"), token=ADMIN),
        house.trigger(b"{}", key(b"k1"), to="hello/look"),
    ]
    assert len({reply.json["job_id"] for reply in replies}) == 3


def test_a_key_is_forgotten_after_its_window(house: House) -> None:
    first = house.trigger(HELLO, key(b"k1"))
    house.clock.advance(3_600_001)
    assert house.trigger(HELLO, key(b"k1")).json["job_id"] != first.json["job_id"]


def test_the_quoted_form_is_the_same_key(house: House) -> None:
    house.trigger(HELLO, key(b"k 1"))
    assert house.trigger(HELLO, key(b'"k 1"')).json["duplicate"]
    house.trigger(HELLO, key(b'a"b'))
    assert house.trigger(HELLO, key(b'"a\\"b"')).json["duplicate"]


@pytest.mark.parametrize("text", [b"", b'""', b'"open', b'"a"b"', b"x" * 256, b"\xff", b"a\tb", b'"\\x"', b'"a", "a"'])
def test_a_key_of_another_form_is_refused(house: House, text: bytes) -> None:
    assert house.trigger(HELLO, key(text)).code == "invalid_request"
    assert not house.dispatcher.jobs


def test_two_keys_are_refused(house: House) -> None:
    assert house.trigger(HELLO, key(b"a"), key(b"a")).code == "invalid_request"
    assert not house.dispatcher.jobs


# --- waiting ----------------------------------------------------------------------------------------------------


ENDED = Job(
    id="0190f5d2-0000-7000-8000-000000000000",
    plugin="hello",
    command="greet",
    lane="hello/greet",
    args=b"{}",
    submitted_at=0,
    run_at=0,
    status="succeeded",
    result=b'{"text":"Hello"}',
    started_at=1000,
    completed_at=2500,
)


def test_waiting_gives_the_result(house: House) -> None:
    house.dispatcher.finished = job = ENDED
    reply = house.trigger(HELLO, (b"prefer", b"wait=5"))
    assert reply.status == 200
    assert reply["preference-applied"] == "wait=5"
    assert house.dispatcher.waits == [5]
    assert reply.json == {
        "job_id": job.id,
        "status": "succeeded",
        "plugin": "hello",
        "command": "greet",
        "result": {"text": "Hello"},
        "started_at": "1970-01-01T00:00:01.000Z",
        "completed_at": "1970-01-01T00:00:02.500Z",
    }


def test_waiting_gives_the_error_of_a_job_that_failed(house: House) -> None:
    error = ErrorInfo("no_such_person", "Nobody", details={"name": "Ada"})
    house.dispatcher.finished = replace(ENDED, status="failed", result=None, last_error=error)
    reply = house.trigger(HELLO, (b"prefer", b"wait=5"))
    assert reply.json["status"] == "failed"
    assert reply.json["error"] == {"code": "no_such_person", "message": "Nobody", "details": {"name": "Ada"}}
    assert "result" not in reply.json


def test_what_takes_longer_is_answered_202_after_all(house: House) -> None:
    reply = house.trigger(HELLO, (b"prefer", b"wait=5"))
    assert (reply.status, reply["preference-applied"]) == (202, "wait=5")
    assert reply.json["job_id"] == the_job(house).id


def test_waiting_has_an_upper_bound(house: House) -> None:
    reply = house.trigger(HELLO, (b"prefer", b"wait=999999999"))
    assert house.dispatcher.waits == [30]
    assert reply["preference-applied"] == "wait=30"


@pytest.mark.parametrize(
    ("prefer", "waits", "applied"),
    [
        ([b"respond-async, wait=10"], [10], "respond-async, wait=10"),
        ([b"respond-async"], [], "respond-async"),
        ([b"respond-async", b"wait=10"], [10], "respond-async, wait=10"),
        ([b"WAIT = 10"], [10], "wait=10"),
        ([b'wait="10"'], [10], "wait=10"),
        ([b"wait=10, wait=20"], [10], "wait=10"),
        ([b"wait=10; foo=bar"], [10], "wait=10"),
        ([b"handling=lenient, wait=3"], [3], "wait=3"),
        ([b"wait=0"], [], "wait=0"),
        ([b"wait"], [], None),
        ([b"wait=soon"], [], None),
        ([b"wait=-1"], [], None),
        ([b"wait=9999999999"], [], None),
        ([b"return=minimal"], [], None),
        ([b"\xff,,;=="], [], None),
    ],
)
def test_prefer_is_read_as_rfc_7240_has_it(
    house: House, prefer: list[bytes], waits: list[float], applied: str | None
) -> None:
    reply = house.trigger(HELLO, *((b"prefer", value) for value in prefer))
    assert reply.status == 202
    assert house.dispatcher.waits == waits
    assert ("preference-applied" in reply) is (applied is not None)
    if applied is not None:
        assert reply["preference-applied"] == applied


def test_a_callback_is_refused_while_nothing_can_sign_it() -> None:
    house = house_of(config_of(callbacks=False))
    reply = house.trigger(HELLO | {"callback_url": "https://example.com/"})
    assert (reply.code, reply.json["path"]) == ("invalid_input", "$.callback_url")
    assert "outbound.callback_secrets" in reply.json["detail"]
    assert not house.dispatcher.jobs


def test_a_callback_that_may_not_be_called_is_refused_with_the_reason(house: House) -> None:
    reply = house.trigger(HELLO | {"callback_url": "http://example.com/"})
    assert (reply.code, reply.json["path"]) == ("invalid_input", "$.callback_url")
    assert reply.json["detail"] == "The URL must be https."
