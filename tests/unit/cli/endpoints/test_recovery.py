"""`hookyard endpoints recover`, `replay` and `purge`: page by page, until all is done or somebody stops it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import typer
from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway, serving

from hookyard.cli.endpoints.pages import Walk, walk
from hookyard.client.http import Api
from hookyard.errors import Refused

Call = Callable[..., Ended]
ONE = "POST /api/v1/endpoints/audit"
WINDOW = ("--since", "2027-01-06T00:00:00Z", "--until", "2027-01-06T06:00:00Z")
SINCE, UNTIL = 1_799_193_600_000, 1_799_215_200_000


def moved(count: int, more: str | None) -> dict[str, Any]:
    return {"count": count, "next": more, "dry_run": False}


def test_all_pages_are_asked_for_and_added_up(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/recover", moved(500, "c1"), moved(0, "c2"), moved(7, None))
    ended = hookyard("endpoints", "recover", "audit", *WINDOW)
    assert ended.out == "507 sent again\n"
    assert ended.err.splitlines() == ["500 sent again", "500 sent again"]
    window = {"since": SINCE, "until": UNTIL, "waiting": False, "dry_run": False}
    assert [asked.body for asked in gateway.asked] == [window, {**window, "cursor": "c1"}, {**window, "cursor": "c2"}]


def test_what_waits_is_sent_now_if_that_is_wanted(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/recover", moved(2, None))
    assert hookyard("endpoints", "recover", "audit", *WINDOW, "--waiting").out == "2 sent again\n"
    assert gateway.asked[0].body["waiting"] is True


def test_a_while_ago_is_fixed_when_it_begins(hookyard: Call, gateway: Gateway) -> None:
    pages = {"planned": 1, "looked_at": 9, "next": "c"}, {"planned": 2, "looked_at": 1, "next": None}
    gateway.says(f"{ONE}/replay", *pages)
    ended = hookyard("endpoints", "replay", "audit", "--since", "2h", "--json")
    assert json.loads(ended.out) == {"planned": 3, "looked_at": 10}
    first, second = (asked.body for asked in gateway.asked)
    assert second == {**first, "cursor": "c"}
    assert first["until"] - first["since"] == 7_200_000


def test_a_dry_run_counts_and_asks_nobody(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/purge", moved(3, None))
    assert hookyard("endpoints", "purge", "audit", *WINDOW, "--dry-run").out == "3 to be deleted\n"
    assert gateway.asked[0].body["dry_run"] is True
    gateway.says(f"{ONE}/recover", moved(4, None))
    assert hookyard("endpoints", "recover", "audit", *WINDOW, "--dry-run").out == "4 to be sent again\n"
    gateway.says(f"{ONE}/replay", {"planned": 5, "looked_at": 9, "next": None, "dry_run": True})
    assert hookyard("endpoints", "replay", "audit", *WINDOW, "--dry-run").out == "5 to be sent, 9 looked at\n"
    assert gateway.asked[2].body["dry_run"] is True


def test_a_purge_asks_first_and_takes_those_that_failed(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/purge", moved(3, None))
    assert hookyard("endpoints", "purge", "audit", *WINDOW).code == 2
    assert gateway.asked == []
    assert hookyard("endpoints", "purge", "audit", "--until", "30d", "--yes").out == "3 deleted\n"
    asked = gateway.asked[0].body
    assert (asked["since"], asked["statuses"]) == (0, ["failed"])
    words = ("--status", "pending", "--status", "held", "--since", "1h", "--yes")
    hookyard("endpoints", "purge", "audit", *words)
    assert gateway.asked[1].body["statuses"] == ["pending", "held"]


def test_a_purge_and_a_replay_are_of_an_event_if_that_is_said(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/purge", moved(3, None))
    gateway.says(f"{ONE}/replay", {"planned": 5, "looked_at": 9, "next": None, "dry_run": False})
    purge = ("endpoints", "purge", "audit", *WINDOW)
    asked = hookyard(*purge, "--event", "order.*", "--error", "http_404")
    assert (asked.code, gateway.asked) == (2, [])
    question = "Delete the deliveries of order.* to audit that are failed with the error http_404?"
    assert question in " ".join(asked.err.replace("│", " ").split())
    assert hookyard(*purge, "--event", "order.*", "--error", "http_404", "--yes").out == "3 deleted\n"
    assert hookyard(*purge, "--yes").code == 0
    assert hookyard("endpoints", "replay", "audit", *WINDOW, "--event", "order.*").code == 0
    assert hookyard("endpoints", "replay", "audit", *WINDOW).code == 0
    both, neither, of_event, whole = (each.body for each in gateway.asked)
    assert (both["event"], both["error"], of_event["event"]) == ("order.*", "http_404", "order.*")
    assert {"event", "error"}.isdisjoint({*neither, *whole})
    assert hookyard("endpoints", "replay", "audit", *WINDOW, "--error", "http_404").code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["recover", "audit"], "say from when"),
        (["replay", "audit", "--since", "yesterday"], "no while such as"),
        (["recover", "audit", "--since", "1h", "--until", "2h"], "that is not after --since"),
        (["purge", "audit", "--yes"], "say from when or until when"),
    ],
)
def test_times_that_are_none_are_a_wrong_command_line(
    hookyard: Call, gateway: Gateway, words: list[str], told: str
) -> None:
    ended = hookyard("endpoints", *words)
    assert ended.code == 2
    assert told in " ".join(ended.err.split())
    assert gateway.asked == []


def test_a_run_goes_on_where_an_earlier_one_says(hookyard: Call, gateway: Gateway) -> None:
    gateway.says(f"{ONE}/recover", moved(1, None))
    hookyard("endpoints", "recover", "audit", *WINDOW, "--cursor", "c7")
    assert gateway.asked[0].body["cursor"] == "c7"


def asked_for(path: str) -> Walk:
    body = {"since": SINCE, "until": UNTIL}
    return Walk(path=path, body=body, cursor=None, words={"count": "sent again"}, json=False)


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as gateway, Api(gateway.url) as api:
        gateway.says("POST /a", moved(500, "c1"))
        busy = {"code": "rate_limited", "detail": "Slower."}
        gateway.answers["POST /a"].append((429, busy))

        def interrupted(seconds: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(typer.Exit) as caught:
            walk(api, asked_for("/a"), interrupted)
    assert caught.value.exit_code == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-2:] == [
        "Not all is done: 500 sent again.",
        "To go on, the same with: --since 2027-01-06T00:00:00.000Z --until 2027-01-06T06:00:00.000Z --cursor c1",
    ]


def test_a_gateway_that_cannot_now_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    waited: list[float] = []
    with serving() as gateway, Api(gateway.url) as api:
        gateway.answers["POST /a"] = [
            (429, {"code": "rate_limited", "detail": "Slower."}),
            (503, {"code": "store_unavailable", "detail": "Later."}),
            (200, moved(2, None)),
        ]
        walk(api, asked_for("/a"), waited.append)
    assert capsys.readouterr().out == "2 sent again\n"
    assert len(waited) == 2


def test_a_refusal_halfway_says_how_to_go_on_too(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as gateway, Api(gateway.url) as api:
        gateway.answers["POST /a"] = [(200, moved(2, "c1")), (403, {"code": "forbidden", "detail": "No."})]
        with pytest.raises(Refused):
            walk(api, asked_for("/a"))
    assert "--cursor c1" in capsys.readouterr().err
