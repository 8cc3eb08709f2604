"""`hookyard endpoints list`, `show`, `delete`, `enable`, `disable`, `rotate` and `test`."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway

Call = Callable[..., Ended]
ONE = "/api/v1/endpoints/audit"
ROW: dict[str, Any] = {
    "name": "audit",
    "state": "live",
    "url": "https://audit.example/hooks",
    "events": ["job.*", "endpoint.*"],
    "commands": ["*/*"],
    "secrets": [],
    "public_keys": [],
}
GONE = {**ROW, "state": "disabled", "disabled": {"at": "2027-01-06T08:30:00.000Z", "reason": "gone"}}
TRIED: dict[str, Any] = {
    "delivery_id": "0190a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b",
    "event": "job.failed",
    "status": "delivered",
    "attempt": {"status": 204, "error": None, "duration_ms": 12, "response": "thanks\x1b[2J\nbye"},
}


def test_endpoints_are_listed_page_by_page(hookyard: Call, gateway: Gateway) -> None:
    pages = {"endpoints": [ROW], "next": "c"}, {"endpoints": [{**GONE, "name": "old"}], "next": None}
    gateway.says("GET /api/v1/endpoints", *pages)
    ended = hookyard("endpoints", "list", "--failing", "--state", "live")
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["NAME", "STATE"],
        ["audit", "live"],
        ["old", "disabled"],
    ]
    assert "disabled (gone)" in ended.out
    assert [asked.query.get("cursor") for asked in gateway.asked] == [None, "c"]
    assert gateway.asked[0].query == {"state": "live", "failing": "true", "limit": "200"}
    assert [json.loads(line)["name"] for line in hookyard("endpoints", "list", "--json").out.splitlines()] == ["old"]


def test_one_is_shown_as_json(hookyard: Call, gateway: Gateway) -> None:
    gateway.says("GET /api/v1/endpoints/a%20b%2F", ROW)
    shown = hookyard("endpoints", "show", "a b/").out
    assert json.loads(shown) == ROW
    assert len(shown.splitlines()) > len(ROW), "for people"
    (line,) = hookyard("endpoints", "show", "a b/", "--json").out.splitlines()
    assert json.loads(line) == ROW


def test_what_is_deleted_is_asked_for_first(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"DELETE {ONE}", None, status=204)
    ended = hookyard("endpoints", "delete", "audit")
    assert ended.code == 2
    assert "give --yes" in " ".join(ended.err.split())
    assert gateway.asked == []
    assert hookyard("endpoints", "delete", "audit", "--yes").out == "audit is deleted\n"
    deleted = hookyard("endpoints", "delete", "audit", "--yes", "--json")
    assert json.loads(deleted.out) == {"name": "audit", "deleted": True}


@pytest.mark.parametrize(("word", "found", "said"), [("enable", ROW, "live"), ("disable", GONE, "disabled (gone)")])
def test_an_endpoint_is_switched(hookyard: Call, gateway: Gateway, word: str, found: dict[str, Any], said: str) -> None:
    gateway.says(f"POST {ONE}/{word}", found)
    assert hookyard("endpoints", word, "audit").out == f"audit is {said}\n"
    (line,) = hookyard("endpoints", word, "audit", "--json").out.splitlines()
    assert json.loads(line) == found


def test_a_rotation_prints_the_new_secret_and_until_when_the_old_one_signs(hookyard: Call, gateway: Gateway) -> None:
    old = {"kind": "v1", "id": "1", "until": "2027-01-08T08:30:00.000Z"}
    over = {"kind": "v1", "id": "2", "until": "2028-01-08T08:30:00.000Z", "expired": True}
    gateway.says(f"POST {ONE}/rotate", {**ROW, "secrets": [old, over], "new_secrets": ["whsec_new"]})
    ended = hookyard("endpoints", "rotate", "audit", "--overlap", "48h")
    assert gateway.asked[0].body == {"kind": "v1", "overlap": "2d"}
    assert ended.out == "secret      whsec_new\n"
    assert "The old one signs as well until 2027-01-08T08:30:00.000Z." in ended.err
    assert json.loads(hookyard("endpoints", "rotate", "audit", "--json").out)["new_secrets"] == ["whsec_new"]


def test_a_rotation_says_until_when_the_old_ones_of_its_kind_sign(hookyard: Call, gateway: Gateway) -> None:
    old = {"kind": "v1a", "id": "1", "until": "2027-01-07T08:30:00.000Z"}
    other = {"kind": "v1", "id": "2", "until": "2027-03-01T08:30:00.000Z"}
    gateway.says(f"POST {ONE}/rotate", {**ROW, "secrets": [old, other], "new_secrets": []})
    said = " ".join(hookyard("endpoints", "rotate", "audit", "--kind", "v1a").err.split())
    assert "until 2027-01-07T08:30:00.000Z." in said
    assert "Keep the secret where the receiver verifies" not in said


def test_a_rotation_without_an_overlap_is_asked_for_first(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"POST {ONE}/rotate", {**ROW, "new_secrets": []})
    assert hookyard("endpoints", "rotate", "audit", "--overlap", "0s").code == 2
    assert gateway.asked == []
    assert hookyard("endpoints", "rotate", "audit", "--overlap", "0s", "--kind", "v1a", "--yes").code == 0
    assert gateway.asked[0].body == {"kind": "v1a", "overlap": "0s"}
    assert hookyard("endpoints", "rotate", "audit", "--overlap", "soon").code == 2


def test_a_sample_is_sent_and_its_id_printed(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"POST {ONE}/test", {"delivery_id": TRIED["delivery_id"], "event": "job.failed"}, status=202)
    assert hookyard("endpoints", "test", "audit", "--event", "job.failed").out == f"{TRIED['delivery_id']}\n"
    assert gateway.asked[0].body == {"event": "job.failed"}
    assert "prefer" not in gateway.asked[0].headers


def test_what_a_sample_was_answered_is_shown_without_what_a_terminal_would_obey(
    hookyard: Call, gateway: Gateway
) -> None:
    gateway.says(f"POST {ONE}/test", TRIED)
    ended = hookyard("endpoints", "test", "audit", "--wait")
    assert gateway.asked[0].headers["prefer"] == "wait=50"
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"delivered: job.failed, status 204, 12 ms, {TRIED['delivery_id']}",
        "    thanks\\x1b[2J",
        "    bye",
    ]
    assert json.loads(hookyard("endpoints", "test", "audit", "--wait", "--json").out) == TRIED


def test_a_sample_that_did_not_arrive_exits_with_1_and_one_that_was_not_tried_with_75(
    hookyard: Call, gateway: Gateway
) -> None:
    lost = {"status": None, "error": "connect", "duration_ms": 3, "response": None}
    tried = {**TRIED, "status": "pending", "attempt": lost}
    gateway.says(
        f"POST {ONE}/test",
        {**tried, "next_at": "2027-01-06T08:35:00.000Z"},
        {**tried, "status": "failed", "next_at": None},
        {**tried, "next_at": None},
        {"delivery_id": "d", "event": "job.failed"},
    )
    failed = hookyard("endpoints", "test", "audit", "--wait")
    assert (failed.code, failed.out.split(",")[:2]) == (1, ["connect: job.failed", " no answer"])
    assert failed.out.splitlines()[-2:] == [
        "It is tried again at 2027-01-06T08:35:00.000Z, by the schedule of the endpoint. To give it up:",
        f"    hookyard deliveries abandon {TRIED['delivery_id']} --yes",
    ]
    dead = hookyard("endpoints", "test", "audit", "--wait")
    assert (dead.code, dead.out.splitlines()[-1]) == (1, "It is not tried again.")
    off = hookyard("endpoints", "test", "audit", "--wait")
    assert "It is tried again later, by the schedule" in off.out
    late = hookyard("endpoints", "test", "audit", "--wait")
    assert (late.code, late.out) == (75, "d\n")
    assert "hookyard endpoints stats audit" in late.err


def test_an_endpoint_that_is_not_there_exits_with_69(hookyard: Call, gateway: Gateway) -> None:
    for words in (("show",), ("enable",), ("delete", "--yes"), ("test",), ("stats",), ("rotate",)):
        ended = hookyard("endpoints", words[0], "nobody", *words[1:])
        assert (ended.code, ended.out, ended.err) == (69, "", "hookyard: There is no such thing.\n"), words
