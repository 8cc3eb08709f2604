"""One call to a configured service: what is sent, what comes back, and what callers cannot do."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import msgspec
import pytest
import respx
from hookyard_http_request import Answer, Config, call, get, plugin

from hookyard import CommandError, RetryLater
from hookyard.config.load import loads
from hookyard.host.load import load
from hookyard.testing import FakePort, run_command
from hookyard.testing.port import JOB_ID

URL = "https://api.example.com/v1"
Options = Mapping[str, object]


def configured(**target: object) -> Config:
    methods = ["GET", "HEAD", "POST", "PUT"]
    return msgspec.convert({"targets": {"api": {"url": URL, "methods": methods, **target}}}, Config)


def called(target: Options | None = None, host: FakePort | None = None, /, **data: object) -> Answer:
    config = configured(**(target or {}))
    return run_command(plugin, call, {"target": "api", **data}, config=config, host=host)


def got(target: Options | None = None, host: FakePort | None = None, /, **data: object) -> Answer:
    config = configured(**(target or {}))
    return run_command(plugin, get, {"target": "api", **data}, config=config, host=host)


def refused(target: Options | None = None, /, **data: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        called(target, **data)
    return caught.value


@respx.mock
def test_a_call_is_sent_as_it_is_asked_for() -> None:
    route = respx.post(f"{URL}/issues/7", params={"notify": "true", "tag": ["a", "b c"]}).respond(
        201, json={"id": 7}, headers={"Location": "/issues/7", "X-Other": "1"}
    )
    host = FakePort(secrets={"token": "s3cret\n"})
    target = {
        "headers": {"User-Agent": "me"},
        "secret_headers": {"Authorization": {"secret": "token", "prefix": "Bearer "}},
        "idempotency_header": "Idempotency-Key",
    }
    found = called(
        target,
        host,
        path="issues/7",
        query={"notify": True, "tag": ["a", "b c"]},
        json={"title": "é"},
        headers={"X-Mine": "1"},
        answer_headers=["location", "missing"],
    )
    assert found == Answer(
        status=201, headers={"location": "/issues/7"}, size=8, media_type="application/json", json={"id": 7}
    )
    sent = route.calls.last.request
    assert sent.content == '{"title":"é"}'.encode()
    names = ("content-type", "authorization", "user-agent", "idempotency-key", "x-mine")
    assert [sent.headers[name] for name in names] == ["application/json", "Bearer s3cret", "me", JOB_ID, "1"]


@respx.mock
def test_text_is_sent_as_it_is() -> None:
    route = respx.put(f"{URL}/note").respond(204)
    found = called(method="PUT", path="/note", text="één", content_type="text/markdown")
    assert (found.status, found.json, found.text, found.artifact) == (204, None, "", None)
    assert route.calls.last.request.content == "één".encode()
    assert route.calls.last.request.headers["content-type"] == "text/markdown"


@respx.mock
def test_null_is_a_json_body_too() -> None:
    route = respx.post(URL).respond(200)
    called(json=None)
    assert route.calls.last.request.content == b"null"


@pytest.mark.parametrize(
    ("content_type", "body", "json", "text"),
    [
        ("application/json", b'{"a":1}', {"a": 1}, None),
        ("application/problem+json; charset=utf-8", b"[1]", [1], None),
        ("application/json", b"{oops", None, "{oops"),
        ("text/plain; charset=latin-1", b"\xe9", None, "é"),
        ("text/plain; charset=no-such", b"\xff", None, "\ufffd"),
        ("text/html", b"", None, ""),
    ],
)
@respx.mock
def test_a_body_is_json_or_text(content_type: str, body: bytes, json: object, text: str | None) -> None:
    respx.get(URL).respond(200, content=body, headers={"content-type": content_type})
    found = got()
    assert (found.json, found.text, found.artifact) == (json, text, None)


@pytest.mark.parametrize(
    ("media_type", "size"), [("application/json", 11), ("application/octet-stream", 3), ("image/png", 200_000)]
)
@respx.mock
def test_a_body_that_is_large_or_no_text_is_an_artifact(media_type: str, size: int) -> None:
    body = bytes(size)
    respx.get(URL).respond(200, content=body, headers={"content-type": media_type})
    host = FakePort()
    found = got({"max_body": 10}, host)
    assert (found.json, found.text, found.artifact, found.size) == (None, None, "body", size)
    assert (host.artifacts["body"].media_type, host.artifacts["body"].data) == (media_type, body)


@respx.mock
def test_an_answer_that_is_too_large_leaves_nothing() -> None:
    respx.get(URL).respond(200, content=bytes(200_000))
    host = FakePort()
    with pytest.raises(CommandError, match="target 'api': it answered with more than 100000 bytes") as caught:
        got({"max_body": 10, "max_artifact": 100_000}, host)
    assert (caught.value.code, caught.value.retryable, host.artifacts) == ("too_large", False, {})


@pytest.mark.parametrize(
    "path",
    [
        "../admin",
        "a/../../b",
        "a/./b",
        "%2e%2e/admin",
        "%252e%252e%252fadmin",
        "..;/admin",
        "a\\..\\b",
        "a%5c..%5cb",
        "a?b=1",
        "a#b",
        "a%3Fb",
        "a\r\nHost: b",
        "a%0d%0ab",
        "//evil.example.com/x",
    ],
)
def test_a_path_that_leaves_its_target_is_refused(path: str) -> None:
    error = refused(path=path)
    assert error.message.startswith("target 'api': path: ")
    assert (error.code, error.retryable) == ("invalid_request", False)


@respx.mock
def test_a_path_stays_below_the_target_whatever_is_in_it() -> None:
    route = respx.route(host="api.example.com").respond(200)
    for path in ("https://evil.example.com/", "@evil.example.com", "a b/é", "a%2Fb", "..."):
        got(path=path)
    assert [str(route.calls[number].request.url) for number in range(5)] == [
        f"{URL}/https://evil.example.com/",
        f"{URL}/@evil.example.com",
        f"{URL}/a%20b/%C3%A9",
        f"{URL}/a%2Fb",
        f"{URL}/...",
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"method": "PATCH"}, "method: PATCH is not among GET, HEAD, POST, PUT"),
        ({"headers": {"authorization": "x"}}, "headers.authorization: the configuration sets it"),
        ({"headers": {"x-fixed": "x"}}, "headers.x-fixed: the configuration sets it"),
        ({"headers": {"Host": "x"}}, "headers.Host: it belongs to the connection"),
        ({"headers": {"a b": "x"}}, "headers.a b: it is no name of a header"),
        ({"headers": {"x-a": "x\r\ny: z"}}, "headers.x-a: its value has a control character"),
        ({"json": 1, "text": "x"}, "text: there is a JSON body already"),
        ({"method": "GET", "json": 1}, "json: a GET has no body"),
        ({"text": "x", "content_type": "a\nb"}, "content_type: its value has"),
    ],
)
def test_what_the_target_does_not_allow_is_refused_by_field(data: Options, why: str) -> None:
    target = {"headers": {"X-Fixed": "1"}, "secret_headers": {"Authorization": {"secret": "t"}}}
    with pytest.raises(CommandError) as caught:
        called(target, FakePort(secrets={"t": "x"}), **data)
    assert f"target 'api': {why}" in caught.value.message


def test_an_unknown_target_is_refused_by_name() -> None:
    with pytest.raises(CommandError) as caught:
        run_command(plugin, get, {"target": "other"}, config=configured())
    assert (caught.value.code, caught.value.message) == (
        "unknown_target",
        "no target 'other' is configured; there are: api",
    )


@pytest.mark.parametrize(
    ("status", "method", "headers", "retryable"),
    [
        (404, "GET", {}, False),
        (302, "GET", {"location": "https://evil.example.com"}, False),
        (429, "POST", {}, True),
        (503, "POST", {}, True),
        (500, "GET", {}, True),
        (500, "POST", {}, False),
        (502, "POST", {"retry-after": "1"}, False),
        (404, "GET", {"retry-after": "1"}, False),
        (503, "GET", {"retry-after": "soon"}, True),
    ],
)
@respx.mock
def test_a_status_that_is_not_expected_is_an_error(
    status: int, method: str, headers: dict[str, str], retryable: bool
) -> None:
    respx.route(host="api.example.com").respond(status, text="x" * 900, headers=headers)
    error = refused(method=method)
    assert (error.message, error.code, error.retryable) == (
        f"target 'api' answered {status}",
        "unexpected_status",
        retryable,
    )
    assert error.details == {"target": "api", "status": status, "body": "x" * 500}


@respx.mock
def test_with_an_idempotency_header_a_post_is_tried_again() -> None:
    respx.post(URL).respond(500)
    assert refused({"idempotency_header": "Idempotency-Key"}).retryable


@respx.mock
def test_what_is_expected_may_be_said_by_the_target_and_by_the_call() -> None:
    respx.route(host="api.example.com").respond(404)
    assert got({"expect": [200, 404]}).status == 404
    assert got(expect=[404]).status == 404
    assert refused({"expect": [404]}, expect=[200]).code == "unexpected_status"


@pytest.mark.parametrize(
    ("status", "method", "value", "low", "high"),
    [
        (429, "POST", "17", 17, 17),
        (503, "POST", "90000", 3600, 3600),
        (500, "GET", "-1", 0, 0),
    ],
)
@respx.mock
def test_a_service_that_says_when_is_called_again_then(
    status: int, method: str, value: str, low: float, high: float
) -> None:
    respx.route(host="api.example.com").respond(status, headers={"retry-after": value})
    with pytest.raises(RetryLater, match=f"target 'api' answered {status}") as caught:
        called(method=method)
    assert low <= caught.value.after <= high


@respx.mock
def test_a_service_that_names_a_time_is_called_again_then() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    respx.route(host="api.example.com").respond(503, headers={"retry-after": date})
    with pytest.raises(RetryLater) as caught:
        called(method="GET")
    assert 400 <= caught.value.after <= 600


@pytest.mark.parametrize(
    ("error", "method", "code", "retryable"),
    [
        (httpx.ConnectError("refused"), "POST", "unreachable", True),
        (httpx.ReadError("reset"), "POST", "unreachable", False),
        (httpx.ReadError("reset"), "PUT", "unreachable", True),
        (httpx.ReadTimeout("slow"), "POST", "timeout", False),
        (httpx.ConnectTimeout("slow"), "POST", "timeout", True),
    ],
)
@respx.mock
def test_no_answer_is_an_error_and_tried_again_where_that_does_no_harm(
    error: Exception, method: str, code: str, retryable: bool
) -> None:
    respx.route(host="api.example.com").mock(side_effect=error)
    found = refused(method=method)
    assert (found.code, found.retryable) == (code, retryable)
    assert "target 'api'" in found.message


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"url": "ftp://x"}, "target 'api': url: it must begin with https"),
        ({"url": "https://"}, "and a host"),
        ({"url": "https://u:p@x"}, "credentials do not belong there"),
        ({"url": "https://x?a=b"}, "no query"),
        ({"url": "https://x:99999"}, "url: Port out of range"),
        ({"headers": {"a:b": "c"}}, "headers.a:b: it is no name"),
        ({"headers": {"Transfer-Encoding": "c"}}, "belongs to the connection"),
        ({"secret_headers": {"X": {"secret": "s", "prefix": "a\nb"}}}, "secret_headers.X: its value"),
        ({"idempotency_header": "a b"}, "idempotency_header: it is no name"),
    ],
)
def test_a_target_that_is_not_right_is_refused(target: Options, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        configured(**target)


def test_reading_needs_no_more_than_the_read_only_scope() -> None:
    options = {name: spec.options for name, spec in plugin.commands.items()}
    assert (options["get"].read_only, options["get"].idempotent) == (True, True)
    assert (options["call"].read_only, options["call"].idempotent) == (False, False)


@pytest.mark.parametrize("where", ["", "\n    isolation: worker"])
def test_the_example_of_the_readme_loads(where: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```yaml\n")[1].split("```")[0].replace("  http_request:", f"  http_request:{where}", 1)
    registry = load(loads(example, name="readme", environ={"TRACKER_TOKEN": "s3cret"}), Path())
    assert registry.problems == ()
    assert {"http_request/get", "http_request/call"} <= set(registry.commands)
