"""`hookyard endpoints create` and `change`: what is typed, in a file and both becomes what the gateway is asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway

Call = Callable[..., Ended]
CREATE, CHANGE = "POST /api/v1/endpoints", "PATCH /api/v1/endpoints/audit"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MADE: dict[str, Any] = {
    "name": "audit",
    "state": "live",
    "url": "https://audit.example/hooks",
    "events": ["job.*"],
    "secrets": [{"kind": "v1", "id": "0a1b2c3d"}],
    "public_keys": [{"kid": "k", "public_key": "whpk_abc", "url": "https://hooks.example/keys/k"}],
    "new_secrets": [SECRET],
}


def test_every_option_is_asked_for_and_what_was_not_typed_is_not(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(CREATE, MADE, status=201)
    words = [
        *("create", "audit", "--to", "https://audit.example/hooks", "--event", "job.*", "--event", "order.placed"),
        *("--command", "hello/*", "--if", "data.attempt > 1", "--sign", "v1,v1a", "--plain"),
        *("--envelope", "cloudevents", "--http-signature"),
        *("--rate", "10/1s", "--order", "job", "--header", "X-Team: blue: sky", "--tenant", "acme"),
        *("--description", "What happened"),
    ]
    assert hookyard("endpoints", *words).code == 0
    assert hookyard("endpoints", "create", "--to", "https://a.example").code == 0
    full, bare = (asked.body for asked in gateway.asked)
    assert full == {
        "name": "audit",
        "url": "https://audit.example/hooks",
        "events": ["job.*", "order.placed"],
        "commands": ["hello/*"],
        "if": "data.attempt > 1",
        "sign": ["v1", "v1a"],
        "signature": "plain",
        "envelope": "cloudevents",
        "http_signature": True,
        "rate": "10/1s",
        "order": {"by": "job"},
        "headers": {"X-Team": "blue: sky"},
        "tenant": "acme",
        "description": "What happened",
    }
    assert bare == {"url": "https://a.example"}
    assert gateway.asked[0].headers["authorization"] == "Bearer hky_for_tests_only"


def test_the_secret_is_printed_once_to_standard_output_and_the_rest_beside_it(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(CREATE, MADE, status=201)
    ended = hookyard("endpoints", "create", "audit", "--to", "https://audit.example/hooks")
    assert ended.out.splitlines() == [f"secret      {SECRET}", "public key  whpk_abc  https://hooks.example/keys/k"]
    assert "shown this once" in ended.err
    assert SECRET not in ended.err
    for_scripts = hookyard("endpoints", "create", "audit", "--to", "https://audit.example/hooks", "--json")
    assert (json.loads(for_scripts.out), for_scripts.err) == (MADE, "")


def test_a_file_has_any_key_as_a_configuration_has_it_and_options_win_over_it(
    hookyard: Call, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.says(CREATE, MADE, status=201)
    monkeypatch.setenv("AUDIT_TOKEN", "t-1")
    (tmp_path / "ca.pem").write_text("PEM\n")
    (tmp_path / "audit.yaml").write_text(
        'url: https://old.example\nevents: [job.failed]\nbreaker: off\nschedule: [0s, 5s, "1m"]\nsecrets: [{file: s}]\n'
        "headers: {Authorization: 'Bearer ${AUDIT_TOKEN}', X-Old: a}\ntls: {ca: {file: ca.pem}}\nname: audit\n"
    )
    (tmp_path / "s").write_text(f"{SECRET}\n")
    ended = hookyard(
        *("endpoints", "create", "--from", tmp_path / "audit.yaml", "--to", "https://new.example"),
        *("--header", "X-Old: b"),
    )
    assert ended.code == 0, ended.err
    assert gateway.asked[0].body == {
        "name": "audit",
        "url": "https://new.example",
        "events": ["job.failed"],
        "breaker": "off",
        "schedule": ["0s", "5s", "1m"],
        "secrets": [SECRET],
        "headers": {"Authorization": "Bearer t-1", "X-Old": "b"},
        "tls": {"ca": "PEM"},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url: ${NOT_SET_ANYWHERE}\n", "{file}:1: url: "),
        ("url: a\nurl: b\n", "{file}:2: "),
        ("- a\n", "{file}:1: expected a mapping"),
        ("url: [\n", "{file}:"),
        ("secrets: [{file: nowhere}]\n", "{file}: nowhere cannot be read: No such file"),
    ],
)
def test_a_file_that_is_wrong_is_told_of_with_its_line_and_nothing_is_asked(
    hookyard: Call, gateway: Gateway, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(text)
    ended = hookyard("endpoints", "create", "--from", file)
    assert ended.code == 78
    assert ended.err.startswith(told.format(file=file)), ended.err
    assert gateway.asked == []


def test_a_file_that_is_not_there_is_told_of(hookyard: Call, gateway: Gateway, tmp_path: Path) -> None:
    ended = hookyard("endpoints", "create", "--from", tmp_path / "nowhere.yaml")
    assert (ended.code, gateway.asked) == (78, [])
    assert "nowhere.yaml: cannot be read: No such file or directory" in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create"], "say where events are sent"),
        (["create", "--to", "https://a.example", "--header", "hunter2"], "expected 'Name: value'"),
        (["create", "--to", "https://a.example", "--secret-file", "nowhere"], "nowhere cannot be read"),
        (["change", "audit"], "say what is to be changed"),
        (["change", "audit", "--envelope", "none"], "is not one of 'standard', 'cloudevents', 'payload'"),
    ],
)
def test_what_cannot_be_asked_is_a_wrong_command_line(
    hookyard: Call, gateway: Gateway, words: list[str], told: str
) -> None:
    ended = hookyard("endpoints", *words)
    assert ended.code == 2
    assert told in " ".join(ended.err.split())
    assert "hunter2" not in ended.err, "what is no header may be a secret"
    assert gateway.asked == []


def test_secrets_of_ones_own_come_from_a_file(hookyard: Call, gateway: Gateway, tmp_path: Path) -> None:
    gateway.says(CREATE, {**MADE, "new_secrets": []}, status=201)
    (tmp_path / "secrets").write_text(f"{SECRET}\nwhsec_{'a' * 32}\n")
    ended = hookyard("endpoints", "create", "--to", "https://a.example", "--secret-file", tmp_path / "secrets")
    assert gateway.asked[0].body["secrets"] == [SECRET, f"whsec_{'a' * 32}"]
    assert SECRET not in ended.out + ended.err


def test_a_change_is_a_merge_patch(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(CHANGE, MADE)
    words = ("--event", "job.failed", "--unset", "rate", "--unset", "headers.X-Old", "--header", "X-New: 1")
    ended = hookyard("endpoints", "change", "audit", *words)
    assert gateway.asked[0].body == {
        "events": ["job.failed"],
        "rate": None,
        "headers": {"X-Old": None, "X-New": "1"},
    }
    assert ended.out == "audit is changed: events, headers, rate; it is live\n"


@pytest.mark.parametrize("envelope", ["payload", "standard", "cloudevents"])
def test_an_envelope_is_asked_for_by_its_name(hookyard: Call, gateway: Gateway, envelope: str) -> None:
    gateway.says(CHANGE, MADE)
    assert hookyard("endpoints", "change", "audit", "--envelope", envelope).code == 0
    assert gateway.asked[0].body == {"envelope": envelope}


def test_what_the_gateway_refuses_is_told_with_its_place(hookyard: Call, gateway: Gateway) -> None:
    gateway.answers[CREATE] = [(400, {"code": "invalid_input", "detail": "No globs here.", "path": "$.events[0]"})]
    ended = hookyard("endpoints", "create", "--to", "https://a.example", "--event", "[")
    assert (ended.code, ended.out, ended.err) == (65, "", "hookyard: No globs here. ($.events[0])\n")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_the_gateway_doubts_of_it_is_told_beside_the_answer(
    hookyard: Call, gateway: Gateway, form: list[str]
) -> None:
    doubt = "events[0]: no plugin declares such an event; did you mean order.placed?"
    gateway.says(CREATE, {**MADE, "warning": doubt}, status=201)
    made = hookyard("endpoints", "create", "audit", "--to", "https://audit.example/hooks", *form)
    gateway.says(CHANGE, {**MADE, "warning": doubt})
    changed = hookyard("endpoints", "change", "audit", "--event", "order.plcaed", *form)
    for ended in (made, changed):
        assert ended.code == 0
        assert ended.err.endswith(f"Warning: {doubt}\n")
        assert f"Warning: {doubt}" not in ended.out
