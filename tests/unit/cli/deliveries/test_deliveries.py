"""`hookyard deliveries`: listed, shown, sent again, given up."""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway

from hookyard.errors import CODES

Call = Callable[..., Ended]
ID = "0190a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b"
LIST, ONE = "GET /api/v1/deliveries", f"/api/v1/deliveries/{ID}"
ROW: dict[str, Any] = {
    "id": ID,
    "event": "job.failed",
    "endpoint": "audit",
    "url": None,
    "job_id": ID,
    "status": "failed",
    "attempt": 10,
    "created_at": "2027-01-06T08:30:00.000Z",
    "next_at": None,
    "last_error": "http_503",
}


def test_deliveries_are_listed_by_what_is_asked_for(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(LIST, {"deliveries": [ROW, {**ROW, "endpoint": None, "url": "https://a.example"}], "next": "c"})
    words = ("--endpoint", "audit", "--event", "job.failed", "--job", ID, "--error", "http_503", "--tenant", "acme")
    ended = hookyard("deliveries", "list", *words, "--since", "2027-01-06T00:00:00Z", "--callback", "-n", "2")
    assert gateway.asked[0].query == {
        "endpoint": "audit",
        "event": "job.failed",
        "job_id": ID,
        "error": "http_503",
        "tenant": "acme",
        "since": "1799193600000",
        "callback": "true",
        "limit": "2",
    }
    assert [line.split()[3] for line in ended.out.splitlines()] == ["ENDPOINT", "audit", "https://a.example"]
    assert len(gateway.asked) == 1, "no more pages than are needed"


def test_dead_letters_are_those_that_failed(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(LIST, {"deliveries": [ROW], "next": None})
    ended = hookyard("deliveries", "list", "--dead", "--json")
    assert gateway.asked[0].query == {"status": "failed", "limit": "50"}
    assert json.loads(ended.out) == ROW
    assert hookyard("deliveries", "list", "--dead", "--status", "failed").code == 0
    assert hookyard("deliveries", "list", "--dead", "--status", "open").code == 2


def test_one_is_shown_whole(hookyard: Call, gateway: Gateway) -> None:
    whole = {**ROW, "body": {"type": "job.failed"}}
    gateway.says(f"GET {ONE}", whole)
    shown = hookyard("deliveries", "show", ID).out
    assert json.loads(shown) == whole
    assert len(shown.splitlines()) > len(whole), "for people"
    (line,) = hookyard("deliveries", "show", ID, "--json").out.splitlines()
    assert json.loads(line) == whole


def test_attempts_are_listed_with_what_was_answered(hookyard: Call, gateway: Gateway) -> None:
    answered = {"number": 1, "started_at": "t", "status": 503, "duration_ms": 4, "error": "http_503"}
    tries = [{**answered, "response": "over\x1b[2J\nloaded " + "x" * 99}, {**answered, "number": 2, "response": None}]
    gateway.says(f"GET {ONE}/attempts", {"attempts": tries})
    first, second = hookyard("deliveries", "attempts", ID).out.splitlines()[1:]
    assert first.split()[4:7] == ["http_503", "over\\x1b[2J", "loaded"]
    assert len(first.partition("http_503  ")[2]) == 80
    assert second.split() == ["2", "t", "503", "4", "http_503", "-"]
    assert json.loads(hookyard("deliveries", "attempts", ID, "--json").out.splitlines()[0]) == tries[0]


def test_one_is_sent_again_or_given_up(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"POST {ONE}/resend", {**ROW, "status": "pending"})
    gateway.says(f"POST {ONE}/abandon", ROW)
    assert hookyard("deliveries", "resend", ID).out == f"{ID} is pending\n"
    assert hookyard("deliveries", "abandon", ID).code == 2
    assert gateway.calls == [f"POST {ONE}/resend"]
    assert hookyard("deliveries", "abandon", ID, "--yes").out == f"{ID} is failed\n"
    (line,) = hookyard("deliveries", "abandon", ID, "--yes", "--json").out.splitlines()
    assert json.loads(line) == ROW


@pytest.mark.parametrize("word", ["show", "attempts", "resend", "abandon"])
def test_what_is_no_id_is_not_asked_for(hookyard: Call, gateway: Gateway, word: str) -> None:
    ended = hookyard("deliveries", word, "../jobs")
    assert (ended.code, ended.err) == (64, "hookyard: '../jobs' is not a delivery id.\n")
    assert gateway.asked == []


OTHERS = [f"019de0d5-c800-7000-bf01-{n:012x}" for n in range(250)]
RESEND = "POST /api/v1/deliveries/resend"


def test_many_are_sent_again_in_as_few_calls_as_there_can_be_and_each_is_said(
    hookyard: Call, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [OTHERS[:100], OTHERS[100:200], OTHERS[200:]]
    gateway.says(RESEND, *({"results": [{"id": each, "status": "pending"} for each in part]} for part in parts))
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(OTHERS[1:]) + "\n\n" + OTHERS[7]))
    ended = hookyard("deliveries", "resend", OTHERS[0].upper(), "-")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [f"{each} is pending" for each in OTHERS]
    assert [each.body["ids"] for each in gateway.asked] == parts


def test_one_that_is_refused_is_said_with_its_reason_and_makes_the_exit_code(hookyard: Call, gateway: Gateway) -> None:
    gone = {"code": "not_found", "detail": "There is no such delivery."}
    off = {"code": "endpoint_disabled", "detail": "The endpoint is disabled: enable it first."}
    results = [
        {"id": OTHERS[0], "status": "pending"},
        {"id": OTHERS[1], "problem": gone},
        {"id": OTHERS[2], "problem": off},
    ]
    gateway.says(RESEND, {"results": results})
    ended = hookyard("deliveries", "resend", *OTHERS[:3])
    assert (ended.code, ended.out) == (69, f"{OTHERS[0]} is pending\n")
    assert ended.err.splitlines() == [
        f"hookyard: {OTHERS[1]}: There is no such delivery.",
        f"hookyard: {OTHERS[2]}: The endpoint is disabled: enable it first.",
        "hookyard: 2 of 3 were refused.",
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_as_json_there_is_a_line_for_each_id_whatever_became_of_it_and_however_many_there_are(
    hookyard: Call, gateway: Gateway, count: int
) -> None:
    off = {"code": "endpoint_disabled", "detail": "The endpoint is disabled: enable it first."}
    results = [{"id": OTHERS[0], "problem": off}, *({"id": each, "status": "pending"} for each in OTHERS[1:count])]
    gateway.says(RESEND, {"results": results})
    ended = hookyard("deliveries", "resend", *OTHERS[:count], "--json")
    assert ended.code == hookyard("deliveries", "resend", *OTHERS[:3]).code == CODES["endpoint_disabled"].exit_code
    assert [json.loads(line) for line in ended.out.splitlines()] == results
    refused = f"hookyard: {OTHERS[0]}: The endpoint is disabled: enable it first."
    assert ended.err.splitlines() == [refused, f"hookyard: 1 of {count} were refused."][: 1 + (count > 1)]


def test_as_json_nothing_is_printed_of_no_ids(
    hookyard: Call, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ended = hookyard("deliveries", "resend", "-", "--json")
    assert (ended.code, ended.out) == (0, "")
    assert "no ids came" in ended.err
    assert gateway.asked == []


def test_how_far_it_came_is_said_when_the_gateway_refuses_the_rest(hookyard: Call, gateway: Gateway) -> None:
    gateway.answers[RESEND] = [
        (200, {"results": [{"id": each, "status": "pending"} for each in OTHERS[:100]]}),
        (429, {"code": "rate_limited", "detail": "Too many."}),
    ]
    ended = hookyard("deliveries", "resend", *OTHERS)
    assert ended.code == 75
    assert len(ended.out.splitlines()) == 100
    assert ended.err.splitlines() == [
        "hookyard: 100 of 250 were asked for, as said; not the rest.",
        "hookyard: Too many.",
    ]


def test_what_is_no_id_among_many_keeps_all_from_being_sent(
    hookyard: Call, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{OTHERS[1]} oh"))
    ended = hookyard("deliveries", "resend", OTHERS[0], "-")
    assert (ended.code, ended.err) == (64, "hookyard: 'oh' is not a delivery id.\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ended = hookyard("deliveries", "resend", "-")
    assert (ended.code, ended.out, ended.err) == (0, "", "There is nothing to send: no ids came.\n")
    assert hookyard("deliveries", "resend", "-", "--token-file", "-").code == 2
    assert gateway.asked == []


def test_many_are_given_up_and_one_that_is_refused_keeps_no_other_from_it(
    hookyard: Call, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {"code": "already_terminal", "detail": "The delivery has ended."}
    for each in OTHERS[:3]:
        gateway.says(f"POST /api/v1/deliveries/{each}/abandon", {**ROW, "id": each})
    gateway.says(f"POST /api/v1/deliveries/{OTHERS[1]}/abandon", over, status=409)
    monkeypatch.setattr(sys, "stdin", io.StringIO(" ".join(OTHERS[1:3])))
    asked = hookyard("deliveries", "abandon", *OTHERS[:3])
    assert (asked.code, gateway.asked) == (2, [])
    assert "Give these 3 deliveries up?" in " ".join(asked.err.replace("│", " ").split())
    ended = hookyard("deliveries", "abandon", OTHERS[0], "-", "--yes")
    assert ended.code == CODES["already_terminal"].exit_code
    assert ended.out.splitlines() == [f"{OTHERS[0]} is failed", f"{OTHERS[2]} is failed"]
    assert ended.err.splitlines() == [
        f"hookyard: {OTHERS[1]}: The delivery has ended.",
        "hookyard: 1 of 3 were refused.",
    ]
    lines = hookyard("deliveries", "abandon", *OTHERS[:3], "--yes", "--json").out.splitlines()
    first, second, third = map(json.loads, lines)
    assert (first["id"], first["status"], third["status"]) == (OTHERS[0], "failed", "failed")
    assert second == {"id": OTHERS[1], "problem": over}


def test_none_of_the_rest_is_given_up_when_the_gateway_cannot(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"POST /api/v1/deliveries/{OTHERS[0]}/abandon", {**ROW, "id": OTHERS[0]})
    slower = {"code": "rate_limited", "detail": "Too many."}
    gateway.says(f"POST /api/v1/deliveries/{OTHERS[1]}/abandon", slower, status=429)
    ended = hookyard("deliveries", "abandon", *OTHERS[:3], "--yes")
    assert (ended.code, ended.out) == (75, f"{OTHERS[0]} is failed\n")
    assert ended.err.splitlines() == [
        "hookyard: 1 of 3 were asked for, as said; not the rest.",
        "hookyard: Too many.",
    ]
    assert len(gateway.asked) == 2


WINDOW = ("--since", "2027-01-06T00:00:00Z", "--until", "2027-01-06T06:00:00Z")
MOVED: dict[str, Any] = {"count": 3, "next": None, "dry_run": False}


def test_what_was_for_callback_urls_is_sent_again_page_by_page(hookyard: Call, gateway: Gateway) -> None:
    gateway.says("POST /api/v1/deliveries/recover", {**MOVED, "next": "c"}, MOVED)
    ended = hookyard("deliveries", "recover", "--callback", "https://ci.example.com", *WINDOW, "--waiting")
    assert ended.out == "6 sent again\n"
    asked = {
        "since": 1_799_193_600_000,
        "until": 1_799_215_200_000,
        "callback": "https://ci.example.com",
        "waiting": True,
        "dry_run": False,
    }
    assert [each.body for each in gateway.asked] == [asked, {**asked, "cursor": "c"}]


@pytest.mark.parametrize(
    ("what", "path"),
    [
        (("endpoints", "recover", "audit"), "endpoints/audit/recover"),
        (("deliveries", "recover", "--callback", "*"), "deliveries/recover"),
    ],
)
def test_only_what_is_of_an_event_or_an_error_is_asked_for(
    hookyard: Call, gateway: Gateway, what: tuple[str, ...], path: str
) -> None:
    gateway.says(f"POST /api/v1/{path}", MOVED)
    ended = hookyard(*what, *WINDOW, "--event", "order.*", "--error", "http_503", "--dry-run")
    assert ended.out == "3 to be sent again\n"
    assert hookyard(*what, *WINDOW).code == 0
    first, second = (each.body for each in gateway.asked)
    assert (first["event"], first["error"], first["dry_run"]) == ("order.*", "http_503", True)
    assert {"event", "error"}.isdisjoint(second)


def test_what_was_for_callback_urls_is_deleted_when_that_is_meant(hookyard: Call, gateway: Gateway) -> None:
    gateway.says("POST /api/v1/deliveries/purge", MOVED)
    purge = ("deliveries", "purge", "--callback", "*")
    refused = hookyard(*purge, *WINDOW)
    assert refused.code == 2
    assert "all callback URLs" in " ".join(refused.err.split())
    assert hookyard(*purge, "--yes").code == 2, "without a time"
    assert hookyard("deliveries", "purge", *WINDOW, "--yes").code == 2, "without a place"
    assert gateway.asked == []
    assert hookyard(*purge, *WINDOW, "--dry-run").out == "3 to be deleted\n"
    assert hookyard(*purge, "--until", "7d", "--status", "pending", "--yes").out == "3 deleted\n"
    assert hookyard(*purge, *WINDOW, "--event", "job.*", "--error", "http_404", "--yes").out == "3 deleted\n"
    dry, wet, some = (each.body for each in gateway.asked)
    assert (some["event"], some["error"]) == ("job.*", "http_404")
    assert {"event", "error"}.isdisjoint({*dry, *wet})
    assert (dry["dry_run"], dry["statuses"], dry["callback"]) == (True, ["failed"], "*")
    assert (wet["dry_run"], wet["statuses"], wet["since"]) == (False, ["pending"], 0)
