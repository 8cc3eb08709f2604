"""Bad input and bad days: a problem for the caller, one line for the log, and never a job."""

import json
from collections.abc import Sequence

import pytest
from tests.unit.gateway.lab import CAP, JSON, NOBODY, OPS, READER, House, Reply, bearer, config_of, house_of

from hookyard.errors import CODES, StoreUnavailable

HELLO = {"payload": {"name": "Ada"}}
Lines = Sequence[tuple[str, tuple[object, ...], dict[str, object]]]


def refused(house: House, reply: Reply, status: int, code: str) -> None:
    """Check the whole shape of a refusal."""
    assert (reply.status, reply.code) == (status, code)
    problem = reply.json
    assert problem["title"] == CODES[code].title
    assert problem["retryable"] == CODES[code].retryable
    assert problem["detail"]
    assert reply["content-length"] == str(len(reply.body))
    assert not house.dispatcher.jobs


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nope",
        b"\xff\xfe",
        b'{"payload":{"name":"\xff"}}',
        b'{"payload":{"name":"A","more":"\xff"}}',
        b'{"payload":{"name":"\\ud800"}}',
        b'{"payload":NaN}',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b" ",
        b'{"payload":' + b"[" * 2000,
        b'{"payload":' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
)
def test_wrong_json_is_400(standing: House, body: bytes) -> None:
    refused(standing, standing.trigger(body), 400, "invalid_json")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"payload": {"name": 5}}, "$.payload.name"),
        ({"payload": {}}, "$.payload.name"),
        ({}, "$.payload.name"),
        ({"payload": {"name": "x", "times": 0}}, "$.payload.times"),
        ({"payload": []}, "$.payload"),
        ({"payload": None}, "$.payload"),
        ([], "$"),
        (5, "$"),
        (None, "$"),
        (HELLO | {"unique": "skip"}, "$.unique"),
        (HELLO | {"affinity": ""}, "$.affinity"),
        (HELLO | {"priority": 2**31}, "$.priority"),
        (HELLO | {"priority": -(2**31) - 1}, "$.priority"),
        (HELLO | {"priority": 1.5}, "$.priority"),
        (HELLO | {"priority": "5"}, "$.priority"),
        (HELLO | {"max_attempts": 0}, "$.max_attempts"),
        (HELLO | {"max_attempts": 101}, "$.max_attempts"),
        (HELLO | {"timeout": 0}, "$.timeout"),
        (HELLO | {"timeout": 86_401}, "$.timeout"),
        (HELLO | {"delay": -1}, "$.delay"),
        (HELLO | {"delay": 1e12}, "$.delay"),
        (HELLO | {"run_at": -1}, "$.run_at"),
        (HELLO | {"run_at": 10**16}, "$.run_at"),
        (HELLO | {"run_at": "tomorrow"}, "$.run_at"),
        (HELLO | {"run_at": "2027-01-15T08:00:00"}, "$.run_at"),
        (HELLO | {"run_at": 5, "delay": 5}, "$.delay"),
        (HELLO | {"callback_url": ""}, "$.callback_url"),
        (HELLO | {"callback_url": "https://" + "x" * 2048}, "$.callback_url"),
        (HELLO | {"tags": "a"}, "$.tags"),
        (HELLO | {"tags": ["a", ""]}, "$.tags[1]"),
        (HELLO | {"tags": ["a"] * 33}, "$.tags"),
        (HELLO | {"tags": ["a" * 65]}, "$.tags[0]"),
    ],
)
def test_a_wrong_type_is_400_with_the_json_path(standing: House, body: object, path: str) -> None:
    reply = standing.trigger(body)
    refused(standing, reply, 400, "invalid_input")
    assert reply.json["path"] == path


def test_a_number_too_large_for_any_float_is_400(house: House) -> None:
    refused(house, house.trigger(b'{"payload":{"name":"x"},"delay":1e999}'), 400, "invalid_input")


def test_an_empty_body_is_400_where_the_input_needs_something(house: House) -> None:
    reply = house.trigger(b"")
    refused(house, reply, 400, "invalid_input")
    assert reply.json["path"] == "$.payload.name"


@pytest.mark.parametrize(
    "headers",
    [[], [(b"authorization", b"")], [(b"authorization", b"Bearer")], [(b"authorization", b"Bearer wrong")],
     [(b"authorization", b"Bearer t-ci x")], [(b"authorization", b"Basic dC1jaQ==")], [(b"authorization", b"t-ci")],
     [bearer(), bearer()], [(b"x-api-key", b"")], [(b"x-api-key", b"wrong")], [(b"authorization", b"Bearer \xff")]],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/trigger/hello/greet", "/trigger/hello/gone", "/trigger/gone/gone"])
def test_no_or_a_wrong_token_is_401_whatever_is_asked_for(
    standing: House, headers: list[tuple[bytes, bytes]], path: str
) -> None:
    reply = standing.call("POST", path, [JSON, *headers], json.dumps(HELLO).encode())
    refused(standing, reply, 401, "unauthenticated")
    assert reply["www-authenticate"] == 'Bearer realm="hookyard"'


@pytest.mark.parametrize("path", ["/job/x", "/api/v1/jobs", "/api/v1/jobs/x"])
def test_reading_without_a_token_is_401(standing: House, path: str) -> None:
    refused(standing, standing.get(path, None), 401, "unauthenticated")


def test_with_no_token_configured_every_call_is_refused() -> None:
    house = house_of(config_of(tokens=False))
    refused(house, house.trigger(HELLO), 401, "unauthenticated")
    refused(house, house.get("/api/v1/jobs"), 401, "unauthenticated")


def test_a_missing_scope_is_403(house: House) -> None:
    refused(house, house.trigger(HELLO, token=READER), 403, "forbidden")
    refused(house, house.trigger(HELLO, token=NOBODY), 403, "forbidden")


def test_an_unknown_command_is_404_to_those_who_might_call_it_and_403_to_the_rest(house: House) -> None:
    refused(house, house.trigger(HELLO, to="hello/gone"), 404, "not_found")
    refused(house, house.trigger(HELLO, to="gone/gone", token="t-admin"), 404, "not_found")
    gone = house.trigger(HELLO, to="gone/gone")
    there = house.trigger(HELLO, to="hello/greet", token=NOBODY)
    refused(house, gone, 403, "forbidden")
    assert gone.json | {"request_id": ""} == there.json | {"request_id": ""}


@pytest.mark.parametrize("path", ["/trigger/hello/greet", "/hooks/hub"])
def test_a_body_that_says_it_is_too_large_is_413_before_a_byte_of_it_is_read(standing: House, path: str) -> None:
    length = (b"content-length", b"%d" % (CAP + 1))
    reply = standing.call("POST", path, [JSON, bearer(), length], [b"x" * 10, b"x" * 10])
    refused(standing, reply, 413, "too_large")
    assert reply.json["limit"] == CAP
    assert reply["connection"] == "close"
    assert reply.unread == 2


@pytest.mark.parametrize("path", ["/trigger/hello/greet", "/hooks/hub"])
def test_a_body_of_unknown_length_is_413_as_soon_as_it_is_too_large(standing: House, path: str) -> None:
    reply = standing.call("POST", path, [JSON, bearer()], [b"x" * 1000] * 10)
    refused(standing, reply, 413, "too_large")
    assert reply.unread == 10 - CAP // 1000 - 1


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"+5", b"0x10", b"1" * 16, b"", b"5, 5"])
def test_a_length_that_is_no_number_is_400(standing: House, length: bytes) -> None:
    headers = [JSON, bearer(), (b"content-length", length)]
    refused(standing, standing.call("POST", "/trigger/hello/greet", headers, [b"{}"]), 400, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"text/plain")],
        [(b"content-type", b"application/x-www-form-urlencoded")],
        [(b"content-type", b"")],
        [(b"content-type", b"application/jsonp")],
        [(b"content-type", b"application/json; charset=latin-1")],
        [JSON, JSON],
        [JSON, (b"content-encoding", b"gzip")],
    ],
)
def test_another_media_type_is_415(standing: House, headers: list[tuple[bytes, bytes]]) -> None:
    reply = standing.call("POST", "/trigger/hello/greet", [bearer(), *headers], json.dumps(HELLO).encode())
    refused(standing, reply, 415, "unsupported_media_type")


@pytest.mark.parametrize("code", ["busy", "store_unavailable", "draining"])
def test_a_store_that_cannot_take_it_is_503_with_retry_after(house: House, code: str) -> None:
    house.dispatcher.failure = StoreUnavailable("Not now.", code=code, retry_after=7)
    reply = house.trigger(HELLO)
    refused(house, reply, 503, code)
    assert reply["retry-after"] == "7"
    assert reply.json["retryable"]


def test_a_failure_of_our_own_is_500_with_nothing_internal_and_logged_whole(house: House, lines: Lines) -> None:
    house.dispatcher.failure = error = RuntimeError("the inner life of /etc/shadow")
    reply = house.trigger(HELLO)
    refused(house, reply, 500, "internal")
    assert "inner" not in reply.body.decode()
    [(level, (event,), facts)] = lines
    assert (level, event) == ("error", "request.failed")
    assert facts["exc_info"] is error
    assert facts["request_id"] == reply["x-request-id"]


def test_a_refusal_is_one_line_that_says_who_and_what_and_nothing_of_the_body(house: House, lines: Lines) -> None:
    reply = house.trigger({"payload": {"name": 5, "pass": "tell-nobody"}})
    [(level, (event,), facts)] = lines
    assert (level, event) == ("info", "request.refused")
    assert facts == {
        "status": 400,
        "code": "invalid_input",
        "principal": "token:ci",
        "peer": "192.0.2.1",
        "request_id": reply["x-request-id"],
    }


def test_a_token_is_never_logged(house: House, lines: Lines) -> None:
    house.trigger(HELLO, token="tell-nobody")
    house.call("POST", "/trigger/hello/greet", [JSON], b"{}", query=b"token=tell-nobody")
    assert len(lines) == 2
    assert "tell-nobody" not in repr(lines)


def test_a_success_is_no_line_here(house: House, lines: Lines) -> None:
    house.trigger(HELLO)
    assert not lines


def test_a_query_on_a_trigger_changes_nothing(house: House) -> None:
    reply = house.call("POST", "/trigger/hello/look", [bearer()], query=b"a=1")
    assert reply.status == 202


# --- other paths and methods ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/nope", "/trigger", "/trigger/hello", "/trigger/a/b/c", "/hooks", "/api", "/job", "/healthz/x", "/..", "/%"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PATCH", "BREW"])
def test_an_unknown_path_is_404(standing: House, method: str, path: str) -> None:
    reply = standing.call(method, path)
    assert reply.status == 404
    assert method == "HEAD" or reply.code == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/trigger/hello/greet", "POST"),
        ("HEAD", "/trigger/hello/greet", "POST"),
        ("PUT", "/hooks/hub", "POST"),
        ("GET", "/hooks/nope", "POST"),
        ("PUT", "/api/v1/jobs", "GET, HEAD, POST"),
        ("POST", "/api/v1/events", "GET, HEAD"),
        ("DELETE", "/healthz", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_with_the_right_ones(standing: House, method: str, path: str, allow: str) -> None:
    reply = standing.call(method, path)
    assert reply.status == 405
    assert set(reply["allow"].split(", ")) == {*allow.split(", "), "OPTIONS"}
    assert (reply.body == b"") is (method == "HEAD")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/jobs", "/api/v1/jobs/x", "/api/v1/jobs/x/cancel", "/api/v1/tokens", "/api/v1/tokens/x", "/healthz",
     "/trigger/hello/greet", "/hooks/hub"],
)  # fmt: skip
def test_options_and_a_wrong_method_name_the_same_methods(standing: House, path: str) -> None:
    asked, wrong = standing.call("OPTIONS", path), standing.call("BREW", path)
    assert (asked.status, wrong.status) == (204, 405)
    assert set(asked["allow"].split(", ")) == set(wrong["allow"].split(", "))
    assert ("GET" in asked["allow"]) is ("HEAD" in asked["allow"])


def test_options_of_jobs_names_all(house: House) -> None:
    assert set(house.call("OPTIONS", "/api/v1/jobs")["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


HALF = "An escape from \\ud800 to \\udfff stands alone: it is only half of a character."


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (r'"\ud800"', HALF),
        (r'"\ud800 and more, a lot more than that"', HALF),
        (r'"\udfff and more, a lot more than that"', HALF),
        (r'"\ud800\u0041"', HALF),
        (r'"\uD83D', HALF),
        (r'"\ud83d\ude00', "Input data was truncated"),
        ('"open', "Input data was truncated"),
    ],
)
def test_half_of_a_surrogate_pair_is_called_that(standing: House, text: str, detail: str) -> None:
    end = "}}" if text.endswith('"') else ""
    body = ('{"payload":{"name":' + text + end).encode()
    reply = standing.call("POST", "/trigger/hello/greet", [JSON, bearer()], body)
    assert (reply.code, reply.json["detail"]) == ("invalid_json", detail)
    sweep = standing.call(
        "POST", "/api/v1/jobs/cancel", [JSON, bearer(OPS)], body.replace(b"payload", b"filter").replace(b"name", b"tag")
    )
    assert sweep.code == "invalid_json"
    assert (sweep.json["detail"] == HALF) is (detail == HALF)


@pytest.mark.parametrize("path", ["/trigger/hello/greet", "/healthz"])
def test_options_says_what_is_allowed(standing: House, path: str) -> None:
    reply = standing.call("OPTIONS", path)
    assert (reply.status, reply.body) == (204, b"")
    assert "OPTIONS" in reply["allow"]
    assert "x-request-id" in reply


def test_head_is_get_without_the_body(house: House) -> None:
    head, get = house.call("HEAD", "/openapi.json"), house.call("GET", "/openapi.json")
    assert head.body == b""
    assert head["content-length"] == get["content-length"] == str(len(get.body))


@pytest.mark.parametrize("path", ["/healthz", "/nope", "/api/v1/jobs", "/"])
def test_every_answer_carries_a_request_id(standing: House, path: str) -> None:
    assert standing.call("GET", path, [(b"x-request-id", b"mine")])["x-request-id"] == "mine"
    assert len(standing.call("GET", path)["x-request-id"]) == 36


def test_a_flood_of_callers_without_a_credential_fills_no_log(house: House, lines: Lines) -> None:
    # The limit on failures answers 429 after sixty of them; that writes no more lines than the others.
    statuses = [house.get("/api/v1/jobs", "t-wrong").status for _ in range(150)]
    assert statuses == [401] * 60 + [429] * 90
    assert len(lines) == 100
    assert house.get("/api/v1/jobs", NOBODY).status == 403
    assert len(lines) == 101
    house.clock.advance(10_000)
    house.get("/api/v1/jobs", "t-wrong")
    assert lines[-1][2]["unsaid"] == 50
    house.get("/api/v1/jobs", "t-wrong")
    assert "unsaid" not in lines[-1][2]
