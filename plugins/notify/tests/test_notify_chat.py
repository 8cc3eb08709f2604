"""What is sent to each chat, and what its answers mean."""

import json
from pathlib import Path

import httpx
import msgspec
import pytest
import respx
from hookyard_notify import Config, Sent, chat, plugin
from hookyard_notify.providers import PROVIDERS

from hookyard import CommandError, RetryLater
from hookyard.config.load import loads
from hookyard.host.load import load
from hookyard.testing import FakePort, run_command
from hookyard.testing.port import JOB_ID

URL = "https://chat.example.com/hooks/s3cret"
Options = dict[str, object]


def configured(**options: object) -> Config:
    return msgspec.convert({"chats": {"ops": {"kind": "slack", "url_secret": "url", **options}}}, Config)


def said(options: Options | None = None, *, secret: str = URL, **data: object) -> Sent:
    host = FakePort(secrets={"url": secret, "token": "t0ken"})
    message = {"chat": "ops", "text": "hello", **data}
    return run_command(plugin, chat, message, config=configured(**(options or {})), host=host)


def refused(options: Options | None = None, *, secret: str = URL, **data: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        said(options, secret=secret, **data)
    assert "s3cret" not in caught.value.message
    return caught.value


def body_of(route: respx.Route) -> dict[str, object]:
    found: dict[str, object] = json.loads(route.calls.last.request.content)
    return found


EVIL = "<!channel> & @all"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("slack", {"text": "&lt;!channel&gt; &amp; @all", "username": "bot"}),
        ("mattermost", {"text": "<!channel> & @\u200ball", "username": "bot"}),
        ("rocketchat", {"text": "<!channel> & @\u200ball", "username": "bot"}),
        ("discord", {"content": EVIL, "allowed_mentions": {"parse": []}, "username": "bot"}),
        ("googlechat", {"text": "<\u200b!channel> & @all"}),
    ],
)
@respx.mock
def test_each_chat_gets_its_own_payload_in_which_values_call_nobody(kind: str, body: Options) -> None:
    route = respx.post(URL).respond(200, text="ok")
    assert said({"kind": kind, "username": "bot"}, text=EVIL) == Sent("ops", 200)
    assert body_of(route) == body


@respx.mock
def test_teams_gets_an_adaptive_card() -> None:
    route = respx.post(URL).respond(202)
    assert said({"kind": "teams"}).status == 202
    attachments = body_of(route)["attachments"]
    assert isinstance(attachments, list)
    assert attachments[0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachments[0]["content"]["body"] == [{"type": "TextBlock", "text": "hello", "wrap": True}]


@respx.mock
def test_matrix_gets_an_event_under_the_id_of_the_job() -> None:
    route = respx.put(
        f"https://m.example.org/_matrix/client/v3/rooms/%21abc%3Aexample.org/send/m.room.message/{JOB_ID}"
    ).respond(200, json={"event_id": "$1"})
    said(
        {
            "kind": "matrix",
            "url_secret": None,
            "url": "https://m.example.org/",
            "room": "!abc:example.org",
            "token_secret": "token",
        }
    )
    assert route.calls.last.request.headers["authorization"] == "Bearer t0ken"
    assert body_of(route) == {"msgtype": "m.text", "body": "hello", "m.mentions": {}}


@respx.mock
def test_a_template_is_filled_with_values_and_its_own_text_stays() -> None:
    route = respx.post(URL).respond(200)
    values = {"n": 3, "on": True, "none": None, "evil": "{text}{0}"}
    said({"text": "<@U1> {{x}} {text} {n} {on} {none}{evil}"}, values=values)
    assert body_of(route) == {"text": "<@U1> {x} hello 3 true {text}{0}"}


def test_a_value_that_is_missing_is_named() -> None:
    error = refused({"text": "{text} {service}"})
    assert (error.message, error.code, error.retryable) == (
        "chat 'ops': its template needs the value 'service'",
        "invalid_message",
        False,
    )


def test_an_empty_message_and_an_unknown_chat_are_refused() -> None:
    assert refused(text=" ").message == "chat 'ops': there is nothing to say"
    error = refused(chat="other")
    assert (error.code, error.message) == ("unknown_chat", "no chat 'other' is configured; there are: ops")


@pytest.mark.parametrize("kind", [kind for kind in PROVIDERS if kind not in {"matrix", "teams"}])
@respx.mock
def test_a_text_that_is_too_long_is_cut(kind: str) -> None:
    route = respx.post(URL).respond(200)
    limit = next(provider.limit for name, provider in PROVIDERS.items() if name == kind)
    assert not said({"kind": kind}, text="x" * limit).cut
    assert said({"kind": kind}, text="x" * (limit + 1)).cut
    body = body_of(route)
    assert body.get("text", body.get("content")) == "x" * (limit - 1) + "…"


@pytest.mark.parametrize(
    ("headers", "json_body", "after"),
    [
        ({"retry-after": "7"}, None, 7),
        ({}, {"retry_after": 0.5}, 0.5),
        ({}, {"retry_after_ms": 2500}, 2.5),
        ({}, None, 30),
        ({"retry-after": "soon"}, None, 30),
        ({"retry-after": "1e9"}, None, 3600),
        ({"retry-after": "nan"}, None, 30),
    ],
)
@respx.mock
def test_too_many_messages_are_put_off(headers: dict[str, str], json_body: object, after: float) -> None:
    respx.post(URL).respond(429, headers=headers, json=json_body)
    with pytest.raises(RetryLater) as caught:
        said()
    assert caught.value.after == after


@pytest.mark.parametrize(
    ("status", "text", "retryable"),
    [(400, "invalid_payload", False), (404, "", False), (500, "oops", True), (200, '{"success":false}', False)],
)
@respx.mock
def test_a_refusal_is_an_error_that_names_the_chat(status: int, text: str, retryable: bool) -> None:
    respx.post(URL).respond(status, text=text)
    error = refused()
    assert error.message == f"chat 'ops': slack answered {status}" + (f": {text}" if text else "")
    assert (error.code, error.retryable) == ("refused", retryable)


@pytest.mark.parametrize(
    ("failure", "code"), [(httpx.ConnectError(f"to {URL}"), "unreachable"), (httpx.ReadTimeout("slow"), "timeout")]
)
@respx.mock
def test_no_answer_is_tried_again_and_the_url_is_not_shown(failure: Exception, code: str) -> None:
    respx.post(URL).mock(side_effect=failure)
    error = refused()
    assert (error.code, error.retryable) == (code, True)


@pytest.mark.parametrize("secret", ["", "hooks/s3cret", "https://", "https://chat:x/s3cret", "ftp://chat/s3cret"])
def test_a_secret_that_is_no_url_is_named_and_not_shown(secret: str) -> None:
    error = refused(secret=secret)
    assert (error.message, error.retryable) == ("chat 'ops': the secret 'url' holds no https URL", False)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"kind": "irc"}, "Invalid enum value 'irc'"),
        ({"url_secret": None}, "chat 'ops': url_secret: the secret"),
        ({"room": "!a:b"}, "room: it is for Matrix only"),
        ({"kind": "matrix"}, "url: Matrix needs it"),
        ({"text": "{a.b}"}, r"text: \{a.b\} is no plain name"),
        ({"text": "{a[0]}"}, "is no plain name"),
        ({"text": "{a!r}"}, r"\{a!r\} is no plain name"),
        ({"text": "{a:>9999999}"}, r"\{a:>9999999\} is no plain name"),
        ({"text": "{}"}, r"\{\} is no plain name"),
        ({"text": "{a"}, "text: expected"),
    ],
)
def test_a_chat_that_is_not_right_is_refused(options: Options, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        configured(**options)


@pytest.mark.parametrize("where", ["", "\n    isolation: worker"])
def test_the_example_of_the_readme_loads(where: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```yaml\n")[1].split("```")[0].replace("  notify:", f"  notify:{where}", 1)
    environ = {"SLACK_WEBHOOK_URL": URL, "SMTP_PASSWORD": "s3cret", "MATRIX_TOKEN": "t0ken"}
    registry = load(loads(example, name="readme", environ=environ), Path())
    assert registry.problems == ()
    assert {"notify/chat", "notify/mail"} <= set(registry.commands)


def test_the_readme_has_every_kind_with_its_page_and_its_limit() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for kind, provider in PROVIDERS.items():
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{kind}` |")]
        assert provider.page in row
        assert f"| {provider.limit:,} |" in row
