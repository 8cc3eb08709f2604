"""Cancelling, killing, retrying and deleting jobs: one, and all that a filter finds."""

import json
from typing import Any

import pytest
from tests.unit.gateway.hook_lab import hook, signed
from tests.unit.gateway.lab import ACME, ADMIN, CI, JSON, NOBODY, OPS, READER, House, Reply, bearer, run
from tests.unit.gateway.test_jobs import GONE, claim, ended, made, token_of

from hookyard.errors import StoreUnavailable
from hookyard.model import ErrorInfo
from hookyard.store.contract import AuditQuery, Finish

CHANGES = ["cancel", "kill", "retry"]


def change(house: House, job_id: str, what: str, token: str = OPS, body: dict[str, Any] | None = None) -> Reply:
    """Do it to one job."""
    if what == "delete":
        return house.call("DELETE", f"/api/v1/jobs/{job_id}", [bearer(token)])
    raw = b"" if body is None else json.dumps(body).encode()
    return house.call("POST", f"/api/v1/jobs/{job_id}/{what}", [JSON, bearer(token)], raw)


def sweep(house: House, what: str, body: object, token: str = OPS) -> Reply:
    """Do it to many."""
    return house.call("POST", f"/api/v1/jobs/{what}", [JSON, bearer(token)], json.dumps(body).encode())


def failed(house: House, *, attempts: int = 1, code: str = "boom") -> str:
    """The id of a job that has failed, with its attempts used up unless it may have more."""
    body = {"payload": {"name": "Ada"}, "max_attempts": attempts}
    job_id = str(house.trigger(body).json["job_id"])
    job = claim(house)
    assert job.id == job_id
    house.clock.advance(1000)
    end = Finish(
        now=house.clock.now(),
        job_id=job_id,
        token=token_of(job),
        status="failed",
        outcome="failed",
        reason="attempts_exhausted" if attempts == 1 else "not_retryable",
        error=ErrorInfo(code, "It broke"),
    )
    house.store.apply([end])
    return job_id


async def audited(house: House) -> list[tuple[str, str, str]]:
    """The audit log, oldest first: who, what, to what."""
    found = await house.store.audit(AuditQuery())
    return [(entry.principal, entry.action, entry.target) for entry in reversed(found.entries)]


def test_a_job_that_would_wait_in_vain_is_not_run_again_before_what_it_waits_for(house: House) -> None:
    first = made(house)
    second = str(house.trigger({"payload": {"name": "Ada"}, "after": [first]}).json["job_id"])
    assert change(house, first, "cancel").status == 200
    assert change(house, second, "cancel").status == 200
    for body in ({}, {"force": True}):
        reply = change(house, second, "retry", body=body)
        assert (reply.status, reply.code, reply.json["job_id"]) == (409, "dependency_failed", second)
    assert house.get(f"/job/{second}").json["status"] == "cancelled"
    assert sweep(house, "retry", {"filter": {"status": "cancelled"}, "limit": 1}).json["refused"] == {
        "dependency_failed": 1
    }
    assert change(house, first, "retry").status == 200
    assert change(house, second, "retry").json["status"] == "queued"


def test_a_dead_letter_that_never_had_an_input_is_sent_to_be_replayed(house: House) -> None:
    body = b'{"whom": "Ada"}'
    dead = hook(house, body, signed(body)).json["job_id"]
    before = house.get(f"/api/v1/jobs/{dead}", ADMIN).json
    for asked in ({}, {"force": True}):
        reply = change(house, dead, "retry", body=asked)
        assert (reply.status, reply.code, reply.json["job_id"]) == (422, "invalid_event", dead)
        assert "hookyard hooks replay" in reply.json["detail"]
    swept = sweep(house, "retry", {"filter": {"dead": True}}).json
    assert (swept["changed"], swept["refused"]) == (0, {"invalid_event": 1})
    assert house.get(f"/api/v1/jobs/{dead}", ADMIN).json == before
    assert run(audited(house)) == []


# --- one ----------------------------------------------------------------------------------------------------------


def test_every_change_is_in_the_audit_log(house: House) -> None:
    one, two = failed(house), made(house)
    assert change(house, one, "retry", body={"force": True}).status == 200
    assert change(house, one, "kill").status == 200
    assert change(house, one, "delete").status == 204
    assert sweep(house, "cancel", {"all": True}).json["job_ids"] == [two]
    assert run(audited(house)) == [
        ("token:ops", "job.retry", one),
        ("token:ops", "job.kill", one),
        ("token:ops", "job.delete", one),
        ("token:ops", "job.cancel", two),
    ]


def test_a_queued_job_is_cancelled_at_once(house: House) -> None:
    job_id = made(house)
    reply = change(house, job_id, "cancel")
    assert (reply.status, reply.json) == (200, {"job_id": job_id, "status": "cancelled"})
    assert change(house, job_id, "cancel").json["code"] == "already_terminal"
    assert change(house, job_id, "cancel").status == 409


def test_a_running_job_is_asked_to_end_and_a_killed_one_ends(house: House) -> None:
    job_id = made(house)
    claim(house)
    asked = change(house, job_id, "cancel")
    assert asked.json == {"job_id": job_id, "status": "running", "cancel_requested": True}
    assert change(house, job_id, "kill").json["status"] == "cancelled"
    assert change(house, job_id, "kill").code == "already_terminal"


def test_an_ended_job_is_queued_again_with_its_history(house: House) -> None:
    job_id = failed(house, attempts=3)
    reply = change(house, job_id, "retry")
    assert (reply.status, reply.json) == (200, {"job_id": job_id, "status": "queued"})
    assert [one["outcome"] for one in house.get(f"/api/v1/jobs/{job_id}/attempts").json["attempts"]] == ["failed"]
    again = change(house, job_id, "retry")
    assert (again.status, again.code, again.json["job_status"]) == (409, "job_active", "queued")


def test_only_by_force_is_a_job_run_again_that_succeeded_or_has_no_attempts_left(house: House) -> None:
    exhausted, succeeded = failed(house), ended(house)
    assert (change(house, exhausted, "retry").status, change(house, exhausted, "retry").code) == (
        409,
        "attempts_exhausted",
    )
    assert change(house, succeeded, "retry", body={"force": False}).code == "already_succeeded"
    for job_id in (exhausted, succeeded):
        assert change(house, job_id, "retry", body={"force": True}).json["status"] == "queued"


def test_an_ended_job_is_forgotten_and_no_other(house: House) -> None:
    done, sending = failed(house), ended(house)
    assert change(house, done, "delete").status == 204
    assert house.get(f"/api/v1/jobs/{done}").code == "not_found"
    assert change(house, done, "delete").code == "not_found"
    reply = change(house, sending, "delete")
    assert (reply.status, reply.code) == (409, "undelivered")
    active = change(house, made(house), "delete")
    assert (active.status, active.code) == (409, "job_active")


@pytest.mark.parametrize("what", [*CHANGES, "delete"])
def test_the_order_of_checks_gives_nothing_away(house: House, what: str) -> None:
    theirs = made(house, ADMIN)
    assert change(house, "x", what, "nope").code == "unauthenticated"
    assert change(house, "x", what, NOBODY).code == "invalid_request"
    assert change(house, GONE, what, NOBODY).code == "not_found"
    assert change(house, theirs, what, NOBODY).code == "not_found"
    assert change(house, theirs, what, ACME).code == "not_found"
    assert change(house, theirs, what, CI).code == "not_found"
    assert change(house, theirs, what, READER).code == "forbidden"


@pytest.mark.parametrize("what", [*CHANGES, "delete"])
def test_a_malformed_id_never_reaches_the_store(house: House, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(job_id: str) -> None:
        raise AssertionError(job_id)

    monkeypatch.setattr(house.store, "job", refuse)
    assert change(house, "not-an-id", what).code == "invalid_request"


def test_whoever_made_a_job_may_cancel_it_and_nothing_more(house: House) -> None:
    job_id = made(house, CI)
    assert [change(house, job_id, what, CI).code for what in ("kill", "retry", "delete")] == ["forbidden"] * 3
    assert change(house, job_id, "cancel", CI).status == 200


@pytest.mark.parametrize("what", ["cancel", "kill"])
@pytest.mark.parametrize("body", [b"{}", b" { } ", b""])
def test_an_empty_object_says_nothing_and_a_body_that_is_none_is_refused(house: House, what: str, body: bytes) -> None:
    path = f"/api/v1/jobs/{made(house)}/{what}"
    for wrong, code in ((b"[]", "invalid_request"), (b"{", "invalid_json"), (b"null", "invalid_request")):
        assert house.call("POST", path, [JSON, bearer(OPS)], wrong).code == code
    reply = house.call("POST", path, [JSON, bearer(OPS)], body)
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    assert house.call("POST", path, [bearer(OPS)], body, query=b"force=1").code == "invalid_request"


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("cancel", {"force": True}, "invalid_request"),
        ("kill", {"now": True}, "invalid_request"),
        ("retry", {"force": 1}, "invalid_input"),
        ("retry", {"now": True}, "invalid_input"),
    ],
)
def test_a_body_that_is_not_understood_changes_nothing(
    house: House, what: str, body: dict[str, Any], code: str
) -> None:
    job_id = made(house)
    assert change(house, job_id, what, body=body).code == code
    assert house.get(f"/job/{job_id}").json["status"] == "queued"


@pytest.mark.parametrize("what", [*CHANGES, "delete"])
def test_a_store_that_takes_nothing_is_503(house: House, what: str) -> None:
    job_id = made(house)
    house.dispatcher.failure = StoreUnavailable("Full.", code="busy", retry_after=1)
    reply = change(house, job_id, what)
    assert (reply.status, reply.code) == (503, "busy")


# --- many ---------------------------------------------------------------------------------------------------------


def test_dead_letters_are_found_and_queued_again_by_one_call(house: House) -> None:
    dead = [failed(house) for _ in range(3)]
    made(house)
    wanted = {"dead": True}
    listed = house.get("/api/v1/jobs", query=b"dead=true").json["jobs"]
    assert [job["job_id"] for job in listed] == dead[::-1]
    dry = sweep(house, "retry", {"filter": wanted, "dry_run": True}).json
    assert (dry["matched"], dry["changed"], dry["job_ids"], dry["dry_run"]) == (3, 0, dead[::-1], True)
    refused = sweep(house, "retry", {"filter": wanted}).json
    assert (refused["changed"], refused["job_ids"], refused["refused"]) == (0, [], {"attempts_exhausted": 3})
    done = sweep(house, "retry", {"filter": wanted, "force": True}).json
    assert done == {
        "matched": 3,
        "changed": 3,
        "job_ids": dead[::-1],
        "refused": {},
        "next": None,
        "dry_run": False,
    }
    assert house.get("/api/v1/jobs", query=b"status=failed").json["jobs"] == []


def test_a_sweep_goes_on_where_it_stopped(house: House) -> None:
    jobs = [made(house) for _ in range(5)][::-1]
    first = sweep(house, "cancel", {"filter": {"status": "queued"}, "limit": 3}).json
    assert (first["job_ids"], first["changed"]) == (jobs[:3], 3)
    rest = sweep(house, "cancel", {"filter": {"status": "queued"}, "limit": 3, "cursor": first["next"]}).json
    assert (rest["job_ids"], rest["next"]) == (jobs[3:], None)


def test_of_many_jobs_those_that_cannot_be_cancelled_are_counted(house: House) -> None:
    over, waiting = failed(house), made(house)
    found = sweep(house, "cancel", {"filter": {"plugin": "hello"}}).json
    assert (found["matched"], found["job_ids"], found["refused"]) == (2, [waiting], {"already_terminal": 1})
    assert house.get(f"/job/{over}").json["status"] == "failed"


def test_a_filter_that_finds_everything_must_be_meant(house: House) -> None:
    job_id = made(house)
    bodies: list[dict[str, dict[str, str]]] = [{}, {"filter": {}}]
    for body in bodies:
        reply = sweep(house, "cancel", body)
        assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", "$.filter")
    assert house.get(f"/job/{job_id}").json["status"] == "queued"
    assert sweep(house, "cancel", {"all": True}).json["job_ids"] == [job_id]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"filter": {"status": "lost"}}, "$.filter.status"),
        ({"filter": {"nope": 1}}, "$.filter.nope"),
        ({"all": True, "limit": 0}, "$.limit"),
        ({"all": True, "limit": 1001}, "$.limit"),
        ({"all": True, "force": True}, "$.force"),
    ],
)
def test_a_wrong_sweep_is_400_with_its_place(house: House, body: object, path: str) -> None:
    reply = sweep(house, "cancel", body)
    assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", path)
    assert sweep(house, "cancel", {"all": True, "cursor": "x"}).code == "invalid_request"


@pytest.mark.parametrize("what", ["cancel", "retry"])
def test_a_sweep_needs_both_scopes(house: House, what: str) -> None:
    for token in (CI, READER, NOBODY):
        assert sweep(house, what, {"all": True}, token).code == "forbidden"
    assert sweep(house, what, {"all": True}, "nope").code == "unauthenticated"


def test_a_sweep_stays_within_the_tenant(house: House) -> None:
    theirs, own = made(house, CI), made(house, ACME)
    assert sweep(house, "cancel", {"all": True}, ACME).json["job_ids"] == [own]
    assert house.get(f"/job/{theirs}").json["status"] == "queued"
