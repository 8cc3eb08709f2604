"""The audit log: who changed what, narrowed by whom, what, to what and when."""

import pytest
from tests.unit.gateway.lab import ADMIN, CI, READER, House, Reply, bearer, house_of

from hookyard.auth import digest
from hookyard.clock import rfc3339
from hookyard.config.model import Config, TokenSettings
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Event, Job
from hookyard.store.contract import AppendAudit, AppendEvents, Enqueue
from hookyard.testing import FakeClock

BEGAN = FakeClock().now()
EVERY = 1000
"""Milliseconds between two entries."""


@pytest.fixture
def house() -> House:
    """Six entries: tokens made and revoked, and a lane paused."""
    scopes = {ADMIN: ("admin",), READER: ("audit:read", "jobs:read"), CI: ("trigger:*/*", "jobs:read")}
    listed = [TokenSettings(name=text[2:], sha256=digest(text), scopes=given) for text, given in scopes.items()]
    acme = TokenSettings(name="acme", sha256=digest("t-acme"), scopes=("admin",), tenant="acme")
    found = house_of(Config(tokens=(*listed, acme)))
    make_id = IdSource(found.clock)
    for number, (principal, action, target, tenant) in enumerate(
        [
            ("token:admin", "token.create", "t1", ""),
            ("token:admin", "token.revoke", "t1", ""),
            ("token:acme", "token.create", "t2", "acme"),
            ("token:ops", "lane.pause", "hello/greet", ""),
            ("token:acme", "job.cancel", "j1", "acme"),
            ("signal:hup", "server.reload", "server", ""),
        ]
    ):
        entry = AuditEntry(
            id=make_id(),
            at=found.clock.now(),
            principal=principal,
            action=action,
            target=target,
            tenant=tenant,
            peer="192.0.2.7" if number else None,
            request_id=f"r{number}",
            details=b'{"why":"so"}',
        )
        found.store.apply([AppendAudit(now=entry.at, entry=entry)])
        found.clock.advance(EVERY)
    return found


def numbers(house: House, query: str = "", token: str = READER) -> list[int]:
    """Which entries are listed, by their place among those that the fixture made."""
    answer = house.get("/api/v1/audit", token, query=query.encode())
    assert answer.status == 200, answer.json
    return [int(each["request_id"][1:]) for each in answer.json["entries"]]


def test_an_entry_says_who_what_to_what_when_from_where_and_in_which_request(house: House) -> None:
    shown = house.get("/api/v1/audit", READER).json["entries"]
    assert shown[3] == {
        "id": shown[3]["id"],
        "at": rfc3339(BEGAN + 2 * EVERY),
        "principal": "token:acme",
        "action": "token.create",
        "target": "t2",
        "tenant": "acme",
        "peer": "192.0.2.7",
        "request_id": "r2",
        "details": {"why": "so"},
    }
    assert "peer" not in shown[5]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("principal=token:acme", [4, 2]),
        ("action=token", [2, 1, 0]),
        ("action=token.create", [2, 0]),
        ("action=tok", []),
        ("target=t1", [1, 0]),
        (f"since={BEGAN + 2000}&until={BEGAN + 4000}", [3, 2]),
        (f"since={rfc3339(BEGAN + 4000)}", [5, 4]),
        ("principal=token:admin&action=token.revoke&target=t1", [1]),
        ("limit=2", [5, 4]),
    ],
)
def test_entries_are_narrowed_by_whom_what_to_what_and_when(house: House, query: str, found: list[int]) -> None:
    assert numbers(house, query) == found


def test_pages_follow_each_other_to_the_end(house: House) -> None:
    found: list[int] = []
    query = "limit=4"
    while True:
        answer = house.get("/api/v1/audit", READER, query=query.encode()).json
        found += [int(each["request_id"][1:]) for each in answer["entries"]]
        if answer["next"] is None:
            break
        query = f"limit=4&cursor={answer['next']}"
    assert found == [5, 4, 3, 2, 1, 0]


def test_a_tenant_sees_its_own_changes_only(house: House) -> None:
    assert numbers(house, token="t-acme") == [4, 2]
    assert numbers(house, "principal=token:admin", token="t-acme") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=x", "since=yesterday", "nothing=1", "action="])
def test_a_query_that_is_wrong_is_refused(house: House, query: str) -> None:
    assert house.get("/api/v1/audit", READER, query=query.encode()).status == 400


def test_only_who_has_the_scope_sees_it(house: House) -> None:
    assert house.get("/api/v1/audit", CI).status == 403
    assert house.get("/api/v1/audit", None).status == 401
    assert house.call("DELETE", "/api/v1/audit", [bearer(ADMIN)]).status == 405


def test_a_tenant_sees_the_events_of_its_own_jobs_only(house: House) -> None:
    for number, tenant in enumerate(("acme", "", "acme", "other", "")):
        job_id = f"0190f5d2-000{number}-7000-8000-00000000000a"
        job = Job(
            id=job_id,
            plugin="hello",
            command="greet",
            lane="hello/greet",
            args=b"{}",
            submitted_at=0,
            run_at=0,
            tenant=tenant,
        )
        event = Event(
            id=f"0190f5d2-000{number}-7000-8000-00000000000b",
            type="hello.said",
            plugin="hello",
            command="greet",
            job_id=job_id,
            tenant=tenant,
            payload=b"{}",
            created_at=0,
        )
        house.store.apply([Enqueue(now=0, job=job), AppendEvents(now=0, events=(event,))])
    assert jobs_of(house.get("/api/v1/events", READER)) == [4, 3, 2, 1, 0]
    page = house.get("/api/v1/events", "t-acme", query=b"limit=1")
    assert jobs_of(page) == [2], "a page is as long as asked for, whatever lies between"
    rest = house.get("/api/v1/events", "t-acme", query=f"limit=1&cursor={page.json['next']}".encode())
    assert (jobs_of(rest), rest.json["next"]) == ([0], None)


def test_events_of_a_tenant_outlive_its_jobs(house: House) -> None:
    event = Event(
        id="0190f5d2-0000-7000-8000-00000000000b",
        type="hello.said",
        plugin="hello",
        command="greet",
        job_id="0190f5d2-0000-7000-8000-00000000000a",
        tenant="acme",
        payload=b"{}",
        created_at=0,
    )
    house.store.apply([AppendEvents(now=0, events=(event,))])
    assert jobs_of(house.get("/api/v1/events", "t-acme")) == [0]


def jobs_of(answer: Reply) -> list[int]:
    return [int(each["job_id"][10:13]) for each in answer.json["events"]]
