"""`hookyard endpoints stats`: one screen, what is wrong first."""

import json
from collections.abc import Callable
from typing import Any

from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway

from hookyard.cli.endpoints.health import ailing, overview, report
from hookyard.cli.endpoints.listing import state_of

Call = Callable[..., Ended]
NOW = 1_799_224_200_000  # 2027-01-06T08:30:00Z
WELL: dict[str, Any] = {
    "name": "audit",
    "state": "live",
    "attempts": 1000,
    "delivered": 998,
    "failed": 2,
    "success_rate": 0.998,
    "latency": {"p50": 12, "p90": 40, "p99": 90, "max": 300},
    "last_success_at": "2027-01-06T08:29:58.500Z",
    "last_error": {
        "at": "2027-01-05T08:29:00.000Z",
        "status": 503,
        "error": "http_503",
        "event": "job.failed",
        "delivery_id": "d-1",
    },
    "since": "2027-01-04T08:29:00.000Z",
    "backlog": {"pending": 3, "held": 0, "sending": 1, "failed": 0, "oldest_at": "2027-01-06T08:29:59.000Z"},
    "line": {"active": 1, "waiting": 0, "breaker": "closed"},
}
ILL: dict[str, Any] = {
    **WELL,
    "failing_since": "2027-01-06T03:02:00.000Z",
    "success_rate": 0.5,
    "failed": 500,
    "backlog": {"pending": 90, "held": 9, "sending": 1, "failed": 7, "oldest_at": "2027-01-06T03:02:00.000Z"},
    "line": {
        "active": 0,
        "waiting": 0,
        "breaker": "open",
        "breaker_until": "2027-01-06T08:35:00.000Z",
        "paused_until": "2027-01-06T08:31:00.000Z",
        "rate": 2.5,
    },
}


def test_of_one_that_is_well_nothing_is_called_wrong() -> None:
    assert list(report(WELL, NOW)) == [
        "audit: well",
        "    99.8 % of 1000 attempts since 2027-01-04T08:29Z arrived, the last 2027-01-06T08:29:58Z (1s ago)",
        "    latency p50 12 ms, p90 40 ms, p99 90 ms, max 300 ms",
        "    3 pending, 0 held, 1 taken, 1 request under way",
    ]


def test_of_one_that_fails_everything_that_is_wrong_comes_first_and_what_to_do_last() -> None:
    lines = list(report(ILL, NOW))
    assert lines[:8] == [
        "audit: live",
        "  ! every attempt fails since 2027-01-06T03:02:00Z (5h28m ago)",
        "  ! last error http_503 2027-01-05T08:29:00Z (1d ago): job.failed, delivery d-1",
        "  ! its breaker is open until 2027-01-06T08:35:00.000Z: nothing is sent meanwhile but a probe",
        "  ! its receiver asked for a pause until 2027-01-06T08:31:00.000Z",
        "  ! 100 wait, the oldest since 2027-01-06T03:02:00Z (5h28m ago)",
        "  ! 7 dead letters",
        "  ! 500 of the last 1000 attempts failed",
    ]
    assert "at most 2.5 a second" in lines[10]
    assert [line.split("   #")[0] for line in lines[11:]] == [
        "  > hookyard deliveries attempts d-1",
        "  > hookyard endpoints test audit --wait",
        "  > hookyard endpoints recover audit --since 2027-01-06T03:02:00.000Z --waiting",
        "  > hookyard deliveries list --endpoint audit --status pending",
        "  > hookyard deliveries list --endpoint audit --dead",
        "  > hookyard endpoints recover audit --since 7d",
    ]


def test_of_one_that_is_back_it_says_how_what_still_waits_for_hours_is_sent_now() -> None:
    """That does not come forward by itself; nothing of the kind is said of one to which nothing may be sent."""
    waits = "  > hookyard endpoints recover audit --since 2027-01-06T03:02:00.000Z --waiting"
    back = {member: value for member, value in ILL.items() if member != "failing_since"}
    assert [line.split("   #")[0] for line in report(back, NOW)].count(waits) == 1
    none = {**ILL, "backlog": {**ILL["backlog"], "pending": 0}}
    for other in (WELL, none, {**ILL, "state": "off"}, {**ILL, "state": "faulty", "problem": "url: no."}):
        assert not [line for line in report(other, NOW) if "--waiting" in line]


def test_of_a_disabled_one_it_says_why_and_how_to_get_what_it_missed() -> None:
    gone = {**WELL, "state": "disabled", "disabled": {"at": "2027-01-06T08:00:00.000Z", "reason": "gone"}}
    lines = list(report(gone, NOW))
    assert lines[:2] == [
        "audit: disabled",
        "  ! disabled since 2027-01-06T08:00:00Z (30m ago): its receiver answered 410",
    ]
    assert lines[-1] == (
        "  > hookyard endpoints enable audit && hookyard endpoints replay audit --since 2027-01-06T08:00:00.000Z"
    )


def test_of_a_breaker_it_says_what_is_still_so() -> None:
    """An open one stays open until there is something to send, and of a disabled endpoint it says nothing."""
    over = {**ILL, "line": {**ILL["line"], "breaker_until": "2027-01-06T08:29:59.000Z"}}
    assert "  ! its breaker is open: one delivery shows whether it goes on" in list(report(over, NOW))
    gone = {**ILL, "state": "disabled", "disabled": {"at": "2027-01-06T08:00:00.000Z", "reason": "failing"}}
    assert not [line for line in report(gone, NOW) if "breaker" in line]


def test_one_is_one_and_what_was_taken_is_not_called_a_request() -> None:
    backlog = {**ILL["backlog"], "pending": 1, "held": 0, "sending": 0, "failed": 1}
    alone = list(report({**ILL, "attempts": 1, "failed": 1, "success_rate": 0.0, "backlog": backlog}, NOW))
    assert "  ! 1 waits, the oldest since 2027-01-06T03:02:00Z (5h28m ago)" in alone
    assert "  ! 1 of the last 1 attempt failed" in alone
    assert any(line.startswith("  ! 1 dead letter") and "letters" not in line for line in alone)
    many = {**WELL, "backlog": {**WELL["backlog"], "sending": 35}}
    assert list(report(many, NOW))[-1] == "    3 pending, 0 held, 35 taken, 1 request under way"


def test_of_a_new_one_it_says_that_nothing_was_sent() -> None:
    empty = {"pending": 0, "held": 0, "sending": 0, "failed": 0, "oldest_at": None}
    assert list(report({"name": "new", "state": "live", "attempts": 0, "backlog": empty}, NOW)) == [
        "new: well",
        "    nothing was sent to it yet",
        "    0 pending, 0 held, 0 taken, 0 requests under way",
    ]


def test_a_problem_and_a_warning_are_the_first_that_is_wrong_with_one() -> None:
    """One that nothing was ever sent to is not called well when that is because its filter fails."""
    faulty = {**WELL, "state": "faulty", "problem": "url: it is not https."}
    assert list(report(faulty, NOW))[:2] == ["audit: faulty", "  ! url: it is not https."]
    filtered = {**WELL, "warning": "its `if` failed for 3 events"}
    assert list(report(filtered, NOW))[:2] == ["audit: live", "  ! its `if` failed for 3 events"]


def test_of_one_with_dead_letters_alone_it_says_how_many_since_when_and_how_to_see_and_send_them() -> None:
    """All else arrives: nothing but that is wrong with it."""
    row = {"name": "audit", "state": "live", "dead_letter_at": "2027-01-06T07:30:00.000Z"}
    assert ailing([{"name": "a", "state": "live"}, row]) == [row]
    assert state_of(row) == "live, dead letter at 2027-01-06T07:30Z"
    lines = list(report({**WELL, **row, "backlog": {**WELL["backlog"], "failed": 1}}, NOW))
    assert lines[:2] == ["audit: live", "  ! 1 dead letter, the last 2027-01-06T07:30:00Z (1h ago)"]
    assert [line.split("   #")[0] for line in lines[-2:]] == [
        "  > hookyard deliveries list --endpoint audit --dead",
        "  > hookyard endpoints recover audit --since 7d",
    ]


def rows() -> list[dict[str, Any]]:
    """A list of endpoints of every kind."""
    return [
        {"name": "a", "state": "live"},
        {"name": "b", "state": "live", "failing_since": "2027-01-06T03:02:00.000Z"},
        {"name": "c", "state": "off"},
        {"name": "d", "state": "disabled", "disabled": {"at": "2027-01-06T08:00:00.000Z", "reason": "user"}},
        {"name": "e", "state": "faulty", "problem": "its URL is not allowed any more"},
        {"name": "f", "state": "live", "warning": "its `if` failed for 3 events"},
    ]


def test_of_many_the_worst_come_first() -> None:
    ill = ailing(rows())
    assert [row["name"] for row in ill] == ["e", "d", "b", "f"]
    numbers = [{**WELL, "name": "e", "state": "faulty", "problem": "its URL"}, {**WELL, "name": "d"}]
    lines = list(overview(rows(), ill, numbers, NOW))
    assert lines[0] == "4 not well, 1 well, 1 off by their settings"
    assert lines[2:4] == ["e: faulty", "  ! its URL"]
    assert lines[-2:] == ["b: live", "f: live, its `if` failed for 3 events"]


def test_in_a_list_only_the_beginning_of_what_is_wrong_is_told() -> None:
    long = {"name": "f", "state": "live", "warning": "its `if` failed for 3 events, " + "and so on " * 30}
    assert len(state_of(long)) < 80
    assert state_of(long).startswith("live, its `if` failed for 3 events")


def test_without_a_name_those_that_are_not_well_are_told_of(hookyard: Call, gateway: Gateway) -> None:
    gateway.says("GET /api/v1/endpoints", {"endpoints": rows(), "next": None})
    for name in "bdef":
        gateway.says(f"GET /api/v1/endpoints/{name}/stats", {**ILL, "name": name})
    ended = hookyard("endpoints", "stats")
    assert ended.out.startswith("4 not well, 1 well, 1 off by their settings\n\ne: live\n  ! every attempt fails")
    assert len(ended.out.splitlines()) < 80
    lines = hookyard("endpoints", "stats", "--json").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["e", "d", "b", "f"]


def test_with_a_name_it_is_about_that_one(hookyard: Call, gateway: Gateway) -> None:
    gateway.says("GET /api/v1/endpoints/audit/stats", WELL)
    assert hookyard("endpoints", "stats", "audit").out.startswith("audit: ")
    assert json.loads(hookyard("endpoints", "stats", "audit", "--json").out) == WELL
