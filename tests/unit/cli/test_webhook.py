"""`hookyard webhook`: secrets, signing by hand, and why a webhook does not verify."""

import json
import shlex
import sys
import time
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Protocol

import pytest

from hookyard.client import sign, verify
from hookyard.client.verify import Form
from hookyard.outbound.signing import check_secret, new_key, new_secret, public_key


class Ended(Protocol):
    """How a call ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
PUBLIC = public_key(KEY).text
BODY = b'{"type": "job.succeeded", "data": {"name": "gr\xc3\xb6\xc3\x9fe \'x\'"}}'
AT = "2026-01-02T03:04:05Z"
NOW = 1_767_323_045
URL = "https://example.com/hooks?a=1"


@pytest.fixture(autouse=True)
def no_secret_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOKYARD_WEBHOOK_SECRET", raising=False)


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.json"
    path.write_bytes(BODY)
    return path


def options(headers: dict[str, str]) -> list[str]:
    return [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]


def test_a_new_secret_is_printed_and_nothing_else(hookyard: Call) -> None:
    ended = hookyard("webhook", "secret")
    check_secret(ended.out.strip())
    assert ended.out.startswith("whsec_")
    assert (ended.code, ended.out.count("\n")) == (0, 1)
    assert "this once" in ended.err


def test_a_new_key_pair_is_printed_with_what_the_receiver_needs(hookyard: Call) -> None:
    private, public, kid = hookyard("webhook", "secret", "--key").out.splitlines()
    check_secret(private)
    assert (public_key(private).text, public_key(private).kid) == (public, kid)


@pytest.mark.parametrize("form", ["standard", "plain", "http"])
def test_what_is_signed_here_verifies_here_and_by_the_client(hookyard: Call, body: Path, form: Form) -> None:
    signed = hookyard("webhook", "sign", body, "--secret", SECRET, "--form", form, "--timestamp", NOW, "--id", "msg_1")
    headers = dict(line.split(": ", 1) for line in signed.out.splitlines())
    assert headers == sign(BODY, SECRET, form=form, now=NOW, id="msg_1")
    assert verify(headers, BODY, SECRET, form=form, now=NOW).form == form
    asked = ["webhook", "verify", body, "--form", form, "--at", AT, *options(headers)]
    assert hookyard(*asked, "--secret", SECRET).code == 0
    assert hookyard(*asked, "--secret", OTHER).code == 1


def test_without_a_time_it_is_signed_now(hookyard: Call, body: Path) -> None:
    signed = hookyard("webhook", "sign", body, "--secret", SECRET)
    headers = dict(line.split(": ", 1) for line in signed.out.splitlines())
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert hookyard("webhook", "verify", body, "--secret", SECRET, *options(headers)).code == 0


@pytest.mark.parametrize("form", ["standard", "http"])
def test_the_curl_command_is_a_capture_that_verifies(hookyard: Call, body: Path, tmp_path: Path, form: str) -> None:
    asked = ["webhook", "sign", body, "--secret", SECRET, "--to", URL, "--form", form, "--timestamp", NOW]
    signed = hookyard(*asked)
    assert SECRET not in signed.out
    (tmp_path / "capture").write_text(signed.out)
    ended = hookyard("webhook", "verify", tmp_path / "capture", "--secret", SECRET, "--at", AT, "--form", form)
    assert ended.out.startswith(f"It verifies: {form}, ")
    assert ended.code == 0


def test_a_body_from_standard_input_is_in_the_curl_command_whole(
    hookyard: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(content: bytes) -> Ended:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        return hookyard("webhook", "sign", "-", "--secret", SECRET, "--to", URL)

    words = shlex.split(given(BODY).out)
    assert words[-2:] == ["--data-raw", BODY.decode()]
    for binary in (b"\xff", b"a\0b"):
        refused = given(binary)
        assert (refused.code, refused.out) == (2, "")
        assert "give a file" in refused.err


def test_secrets_come_from_files_and_from_the_environment_too(
    hookyard: Call, body: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets"
    file.write_text(f"{SECRET}\n{KEY}\n")
    asked = ["webhook", "sign", body, "--timestamp", NOW, "--id", "msg_1"]
    expected = sign(BODY, [SECRET, KEY], now=NOW, id="msg_1")["webhook-signature"]
    assert f"webhook-signature: {expected}\n" in hookyard(*asked, "--secret-file", file).out
    monkeypatch.setenv("HOOKYARD_WEBHOOK_SECRET", f"{SECRET} {KEY}")
    assert f"webhook-signature: {expected}\n" in hookyard(*asked).out
    # A private key verifies nothing: with --key the environment is not asked.
    headers = sign(BODY, KEY, now=NOW)
    assert hookyard("webhook", "verify", body, "--key", PUBLIC, "--at", AT, *options(headers)).code == 0


def test_it_says_by_which_key_when_and_what_is_certain(hookyard: Call, body: Path) -> None:
    headers = sign(BODY, [KEY], now=NOW, id="msg_1")
    asked = ["webhook", "verify", body, "--secret", OTHER, "--key", PUBLIC, "--at", "2026-01-02T03:04:15Z"]
    ended = hookyard(*asked, *options(headers))
    assert ended.out.splitlines() == [
        "It verifies: standard, v1a, by public key 1 of 2.",
        "id: msg_1",
        "sent: 2026-01-02T03:04:05.000Z, 10 s before",
    ]
    plain = hookyard(
        "webhook", "verify", body, "--secret", SECRET, "--form", "plain", *options(sign(BODY, SECRET, form="plain"))
    )
    assert "anybody who has seen it can send it again" in plain.out


def test_a_webhook_that_is_old_is_refused_and_told_that_it_is_only_that(hookyard: Call, body: Path) -> None:
    headers = sign(BODY, SECRET, now=NOW)
    asked = ["webhook", "verify", body, "--secret", SECRET, *options(headers)]
    ended = hookyard(*asked)
    assert ended.code == 1
    assert "It does not verify (timestamp): webhook-timestamp is too old" in ended.out
    assert "But for its time it verifies; --at sent leaves that out." in ended.out
    assert hookyard(*asked, "--at", "sent").code == 0
    assert hookyard(*asked, "--at", "2026-01-02T03:09:06Z").code == 1
    assert hookyard(*asked, "--at", "2026-01-02T03:09:06Z", "--tolerance", "301").code == 0
    bad = hookyard("webhook", "verify", body, "--secret", OTHER, *options(headers))
    assert "But for its time" not in bad.out


def test_a_body_that_an_editor_changed_is_recognised(hookyard: Call, body: Path) -> None:
    headers = sign(BODY, SECRET, now=NOW)
    body.write_bytes(BODY + b"\n")
    ended = hookyard("webhook", "verify", body, "--secret", SECRET, "--at", AT, *options(headers))
    assert "(mismatch)" in ended.out
    assert "It would verify with the body without the line end at its end" in ended.out
    body.write_bytes(json.dumps(json.loads(BODY), indent=2, ensure_ascii=False).encode())
    ended = hookyard("webhook", "verify", body, "--secret", SECRET, "--at", AT, *options(headers))
    assert "It would verify with the body as JSON" in ended.out
    body.write_bytes(b"{}")
    ended = hookyard("webhook", "verify", body, "--secret", SECRET, "--at", AT, *options(headers))
    assert "No usual change of the body explains it" in ended.out


def test_a_plain_webhook_says_how_it_would_be_taken(hookyard: Call, body: Path) -> None:
    headers = sign(BODY, SECRET, form="plain", now=NOW)
    ended = hookyard("webhook", "verify", body, "--secret", SECRET, *options(headers))
    assert ended.code == 1
    assert ended.out.splitlines()[-1] == "With --form plain it verifies."


def test_a_signature_that_covers_the_url_asks_for_it(hookyard: Call, body: Path) -> None:
    headers = sign(BODY, SECRET, form="http", now=NOW, url=URL)
    asked = ["webhook", "verify", body, "--secret", SECRET, "--form", "http", "--at", AT, *options(headers)]
    ended = hookyard(*asked)
    assert (ended.code, ended.out.splitlines()[-1]) == (1, "Give --url.")
    assert hookyard(*asked, "--url", URL).code == 0
    assert hookyard(*asked, "--url", f"{URL}2").code == 1


def test_a_raw_request_verifies_and_a_header_that_came_twice_does_not(hookyard: Call, tmp_path: Path) -> None:
    lines = [f"{name}: {value}" for name, value in sign(BODY, SECRET, now=NOW).items()]
    file = tmp_path / "request"

    def ended(*more: str) -> Ended:
        head = "\r\n".join(["POST /hooks HTTP/1.1", "Host: example.com", *lines, *more, "", ""])
        file.write_bytes(head.encode() + BODY)
        return hookyard("webhook", "verify", file, "--secret", SECRET, "--at", AT)

    assert ended().code == 0
    twice = ended("Webhook-Id: msg_2")
    assert twice.code == 1
    assert "(repeated): webhook-id is there 2 times" in twice.out


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_a_missing_secret_and_one_that_is_none_are_said(hookyard: Call, body: Path, command: str) -> None:
    more = ["-H", "webhook-id: a"] if command == "verify" else []
    ended = hookyard("webhook", command, body, *more)
    assert (ended.code, ended.out) == (64, "")
    assert "There is no secret: give --secret-file, or set HOOKYARD_WEBHOOK_SECRET." in ended.err
    ended = hookyard("webhook", command, body, *more, "--secret", "whsec_c2hvcnQ=")
    assert (ended.code, ended.out) == (64, "")
    assert "must be base64 of 24 to 64 random bytes" in ended.err
    assert "c2hvcnQ" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-H", "no colon"], "a header is"),
        (["--at", "yesterday"], "--at"),
        ([], "the capture cannot be used"),
        (["--tolerance", "-1"], "--tolerance"),
        (["--form", "any"], "--form"),
    ],
)
def test_a_wrong_command_line_exits_with_2(hookyard: Call, body: Path, arguments: list[str], why: str) -> None:
    ended = hookyard("webhook", "verify", body, "--secret", SECRET, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert hookyard("webhook", "verify", body.with_name("none"), "--secret", SECRET).code == 2


def test_no_two_secrets_are_the_same() -> None:
    assert len({new_secret(), new_secret(), new_key(), new_key()}) == 4


def test_the_curl_command_sends_what_was_signed(hookyard: Call, tmp_path: Path) -> None:
    file = tmp_path / "it's a body.json"
    file.write_bytes(BODY)
    words = shlex.split(hookyard("webhook", "sign", file, "--secret", SECRET, "--to", URL).out)
    assert words[:4] == ["curl", "-X", "POST", URL]
    assert words[-2:] == ["--data-binary", f"@{file}"]
