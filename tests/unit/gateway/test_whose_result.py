"""Whose outcome it is when a job that is there stands for another caller's: told as `GET /job/{id}` tells, or not."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.hook_lab import config_with, github, push
from tests.unit.gateway.lab import (
    ACME,
    ADMIN,
    CI,
    JSON,
    Greet,
    Headers,
    House,
    Reply,
    bearer,
    commands_of,
    config_of,
    house_of,
)

from hookyard import Context, Plugin
from hookyard.auth import digest
from hookyard.config.model import RouteSettings, TokenSettings
from hookyard.errors import StoreUnavailable
from hookyard.model import Job

HAND, SEER = "t-hand", "t-seer"
"""Of the tenant acme with `trigger` alone; an operator's that reads results besides."""
WAYS = ("trigger", "jobs")
WAIT: Headers = [(b"prefer", b"wait=5")]
UNIQUE: dict[str, object] = {"unique": {"key": "k"}}
DEBOUNCE: dict[str, object] = {"debounce": 5}
KINDS = {"duplicate": UNIQUE, "coalesced": DEBOUNCE}
SECRET = b'{"text":"for acme"}'
STRANGERS = [(CI, "acme"), (HAND, None), (HAND, "acme")]
"""Callers that make jobs of acme, and may not read one that the token `acme` made."""


@pytest.fixture
def house(path_taken: str) -> House:
    """A gateway with more callers; every wait comes back with a result."""
    config = config_of()
    more = (
        TokenSettings(name="hand", sha256=digest(HAND), scopes=("trigger:hello/*",), tenant="acme"),
        TokenSettings(name="seer", sha256=digest(SEER), scopes=("trigger:hello/*", "results:read")),
    )
    found = house_of(replace(config, tokens=(*config.tokens, *more)), lean=path_taken == "lean")
    found.dispatcher.finished = Job(
        id="0", plugin="hello", command="greet", lane="", args=b"", submitted_at=0, run_at=0, max_attempts=1,
        status="succeeded", result=SECRET,
    )  # fmt: skip
    return found


def ask(  # noqa: PLR0917  as a request is read
    house: House, way: str, token: str, tenant: str | None, more: dict[str, object], headers: Headers = ()
) -> Reply:
    """A new job by one of the three ways."""
    named = {} if tenant is None else {"tenant": tenant}
    body: dict[str, object] = {"payload": {"name": "Ada"}, **named, **more}
    if way != "trigger":
        body |= {"plugin": "hello", "command": "greet"}
    path = {"trigger": "/trigger/hello/greet", "jobs": "/api/v1/jobs", "bulk": "/api/v1/jobs/bulk"}[way]
    raw = json.dumps({"jobs": [body]} if way == "bulk" else body).encode()
    return house.call("POST", path, [JSON, bearer(token), *headers], raw)


def acmes(house: House, more: dict[str, object], token: str = ACME, tenant: str | None = None) -> str:
    """A job of acme."""
    reply = ask(house, "trigger", token, tenant, more)
    assert reply.status == 202, reply.body
    return str(reply.json["job_id"])


def bare(job_id: str, kind: str) -> dict[str, Any]:
    """All that is said of a job whose outcome is not for the caller."""
    return {"job_id": job_id, "status": "queued", "plugin": "hello", "command": "greet", kind: True}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("token", "tenant"), STRANGERS)
def test_of_anothers_job_that_stands_for_ones_own_nothing_is_told_but_its_id(
    house: House, way: str, kind: str, token: str, tenant: str | None
) -> None:
    job_id = acmes(house, KINDS[kind])
    reply = ask(house, way, token, tenant, KINDS[kind], WAIT)
    assert (reply.status, reply.json) == (202, bare(job_id, kind))
    assert "preference-applied" not in reply
    assert house.dispatcher.waits == []  # how long it takes would tell something too
    assert house.get(f"/job/{job_id}", token).code == "not_found"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("token", "tenant"), STRANGERS)
def test_who_does_not_wait_is_told_the_same(house: House, kind: str, token: str, tenant: str | None) -> None:
    job_id = acmes(house, KINDS[kind])
    for way in WAYS:
        reply = ask(house, way, token, tenant, KINDS[kind])
        assert (reply.status, reply.json) == (202, bare(job_id, kind))
    many = ask(house, "bulk", token, tenant, KINDS[kind], WAIT)
    assert many.json["results"] == [{"index": 0, "job_id": job_id, kind: True}]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("maker", "caller"),
    [
        ((CI, "acme"), (CI, "acme")),  # one's own
        ((HAND, None), (HAND, None)),
        ((HAND, None), (ACME, None)),  # `jobs:read` in the tenant
        ((CI, "acme"), (ACME, None)),
        ((ACME, None), (ADMIN, "acme")),  # and in all of them
        ((ACME, None), (SEER, "acme")),  # `results:read`
    ],
)
def test_the_outcome_is_told_to_who_made_the_job_and_to_who_may_read_it(
    house: House, way: str, kind: str, maker: tuple[str, str | None], caller: tuple[str, str | None]
) -> None:
    acmes(house, KINDS[kind], *maker)
    reply = ask(house, way, *caller, KINDS[kind], WAIT)
    assert (reply.status, reply.json["result"], reply["preference-applied"]) == (200, json.loads(SECRET), "wait=5")
    assert house.dispatcher.waits == [5]


def test_two_of_no_tenant_are_two_callers_as_well(house: House) -> None:
    job_id = acmes(house, UNIQUE, ADMIN)
    reply = ask(house, "trigger", CI, None, UNIQUE, WAIT)
    assert (reply.status, reply.json) == (202, bare(job_id, "duplicate"))


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_came_to_stand_for_anothers_job_tells_nothing_of_it_either(house: House, way: str) -> None:
    job_id = acmes(house, UNIQUE)
    keyed = [*WAIT, (b"idempotency-key", b"order-7")]
    assert ask(house, way, CI, "acme", UNIQUE, keyed).json == bare(job_id, "duplicate")
    ended = house.call("POST", f"/api/v1/jobs/{job_id}/cancel", [bearer(ACME)])
    assert ended.json["status"] == "cancelled"
    again = ask(house, way, CI, "acme", UNIQUE, keyed)  # the unique key is free now, the other still stands for it
    assert (again.status, again.json) == (202, bare(job_id, "duplicate"))
    other = ask(house, way, CI, "acme", UNIQUE | {"priority": 1}, keyed)
    assert (other.code, other.json["job_id"]) == ("idempotency_mismatch", job_id)
    assert not {"result", "job_status"} & other.json.keys()
    assert house.dispatcher.waits == []


def test_ones_own_key_answers_with_the_outcome_again(house: House) -> None:
    key = [*WAIT, (b"idempotency-key", b"order-7")]
    replies = [ask(house, way, CI, "acme", {}, key) for way in ("trigger", "trigger")]
    assert [reply.status for reply in replies] == [200, 200]
    assert house.dispatcher.waits == [5, 5]


def test_what_else_was_preferred_is_said_to_be_done(house: House) -> None:
    acmes(house, UNIQUE)
    reply = ask(house, "trigger", CI, "acme", UNIQUE, [(b"prefer", b"respond-async, wait=5")])
    assert (reply.status, reply["preference-applied"]) == (202, "respond-async")


def test_a_store_that_cannot_be_read_now_makes_no_stored_job_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(job_id: str) -> Job | None:
        raise StoreUnavailable(f"no {job_id} now")

    job_id = acmes(house, UNIQUE, CI, "acme")
    monkeypatch.setattr(house.store, "job", unreadable)
    reply = ask(house, "trigger", CI, "acme", UNIQUE, WAIT)
    assert (reply.status, reply.json) == (202, bare(job_id, "duplicate"))
    assert house.dispatcher.waits == []


@pytest.mark.parametrize("take", ["first", "all"])
def test_a_sender_of_webhooks_is_told_how_its_own_jobs_stand_and_not_how_anothers_does(
    path_taken: str, take: str
) -> None:
    once = Plugin("hello")

    @once.command(unique="skip")
    async def greet(data: Greet, ctx: Context) -> None:
        """Say hello."""

    route = RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"})
    house = house_of(
        config_with({"hub": github((route,), take=take)}), lean=path_taken == "lean", commands=commands_of(once)
    )

    def told(who: str, delivery: str) -> dict[str, Any]:
        reply = push(house, who, delivery)
        assert reply.status == 202, reply.body
        [one] = reply.json["jobs"] if take == "all" else [reply.json]
        found: dict[str, Any] = one
        return found

    ours = told("Bob", "d-1")["job_id"]
    theirs = house.trigger({"payload": {"name": "Ada"}}).json["job_id"]
    assert told("Ada", "d-2") == bare(theirs, "duplicate")
    for job_id in (ours, theirs):
        assert house.call("POST", f"/api/v1/jobs/{job_id}/cancel", [bearer(ADMIN)]).status == 200
    assert told("Ada", "d-2") == bare(theirs, "duplicate")
    assert told("Bob", "d-1") == bare(ours, "duplicate") | {"status": "cancelled"}
