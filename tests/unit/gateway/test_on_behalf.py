"""Jobs that an operator makes for a tenant: whose they are, who is there for them, and who may not."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.lab import (
    ACME,
    ADMIN,
    CI,
    JSON,
    LOOKER,
    NOBODY,
    READER,
    Headers,
    House,
    Reply,
    bearer,
    config_of,
    house_of,
)

from hookyard import AccessQuestion, Plugin
from hookyard.auth import digest
from hookyard.config.model import LimitSettings, TokenSettings
from hookyard.config.values import Rate
from hookyard.host.hooks import Hooks

WAYS = ("trigger", "jobs", "bulk")
ZETA = "t-zeta"
HELLO: dict[str, Any] = {"payload": {"name": "Ada"}}


@pytest.fixture
def house(path_taken: str) -> House:
    """A gateway with two tenants."""
    return of_two(path_taken == "lean")


def of_two(lean: bool = True, *, hooks: Hooks | None = None, limits: LimitSettings | None = None) -> House:
    config = config_of()
    zeta = TokenSettings(name="zeta", sha256=digest(ZETA), scopes=("jobs:*", "trigger:hello/*"), tenant="zeta")
    return house_of(
        replace(config, tokens=(*config.tokens, zeta), limits=limits or config.limits), lean=lean, hooks=hooks
    )


def ask(  # noqa: PLR0917  as a request is read
    house: House, way: str, more: dict[str, object], token: str = CI, headers: Headers = (), to: str = "hello/greet"
) -> Reply:
    """A new job by one of the three ways."""
    plugin, _, command = to.partition("/")
    body = HELLO | more if way == "trigger" else {"plugin": plugin, "command": command} | HELLO | more
    path = f"/trigger/{to}" if way == "trigger" else "/api/v1/jobs" if way == "jobs" else "/api/v1/jobs/bulk"
    raw = json.dumps({"jobs": [body]} if way == "bulk" else body).encode()
    return house.call("POST", path, [JSON, bearer(token), *headers], raw)


def told(reply: Reply, way: str) -> dict[str, Any]:
    """What was said of the one job, or the problem of it."""
    if way != "bulk":
        return reply.json
    [one] = reply.json["results"]
    found: dict[str, Any] = one.get("problem", one)
    return found


def made(house: House, token: str = CI, **more: object) -> str:
    reply = ask(house, "trigger", more, token)
    assert reply.status == 202, reply.body
    return str(reply.json["job_id"])


@pytest.mark.parametrize("way", WAYS)
def test_a_job_is_of_the_tenant_that_an_operator_names_and_still_of_who_made_it(house: House, way: str) -> None:
    job_id = told(ask(house, way, {"tenant": "acme"}), way)["job_id"]
    [job] = house.dispatcher.jobs
    assert (job.id, job.tenant, job.principal) == (job_id, "acme", "token:ci")


def test_to_name_a_tenant_needs_no_more_than_the_command_itself(house: House) -> None:
    assert ask(house, "trigger", {"tenant": "acme", "payload": {}}, LOOKER, to="hello/look").status == 202
    assert ask(house, "trigger", {"tenant": "acme"}, LOOKER).code == "forbidden"
    assert ask(house, "trigger", {"tenant": "acme"}, NOBODY).code == "forbidden"


def test_the_one_who_made_it_reads_it_and_cancels_it(house: House) -> None:
    job_id = made(house, tenant="acme")
    for path in (f"/job/{job_id}", f"/api/v1/jobs/{job_id}", f"/api/v1/jobs/{job_id}/log"):
        assert house.get(path, CI).status == 200, path
    assert house.get(f"/api/v1/jobs/{job_id}", CI).json["tenant"] == "acme"
    reply = house.call("POST", f"/api/v1/jobs/{job_id}/cancel", [bearer(CI)])
    assert reply.json["status"] == "cancelled"


def test_the_one_who_made_it_waits_for_it(house: House) -> None:
    reply = ask(house, "trigger", {"tenant": "acme"}, headers=[(b"prefer", b"wait=2")])
    assert (reply.status, reply["preference-applied"]) == (202, "wait=2")
    assert house.dispatcher.waits == [2]


def test_who_may_change_jobs_runs_it_again_and_it_stays_the_tenants(house: House) -> None:
    job_id = made(house, ADMIN, tenant="acme")
    assert house.call("POST", f"/api/v1/jobs/{job_id}/cancel", [bearer(ADMIN)]).status == 200
    assert house.call("POST", f"/api/v1/jobs/{job_id}/retry", [bearer(ADMIN)]).json["status"] == "queued"
    assert house.get(f"/api/v1/jobs/{job_id}", ADMIN).json["tenant"] == "acme"


def test_it_is_there_for_its_tenant_and_for_no_other(house: House) -> None:
    job_id = made(house, tenant="acme")
    assert house.get(f"/api/v1/jobs/{job_id}", ACME).json["principal"] == "token:ci"
    assert house.get(f"/api/v1/jobs/{job_id}", ZETA).code == "not_found"
    assert house.call("POST", f"/api/v1/jobs/{job_id}/cancel", [bearer(ZETA)]).code == "not_found"
    assert house.get("/api/v1/jobs", ZETA).json["jobs"] == []
    assert [one["job_id"] for one in house.get("/api/v1/jobs", READER, query=b"tenant=acme").json["jobs"]] == [job_id]


@pytest.mark.parametrize("way", WAYS)
def test_a_caller_with_a_tenant_names_its_own_and_no_other(house: House, way: str) -> None:
    refused = told(ask(house, way, {"tenant": "zeta"}, ACME), way)
    path = "$.jobs[0].tenant" if way == "bulk" else "$.tenant"
    assert (refused["status"], refused["code"], refused["path"]) == (403, "forbidden", path)
    assert refused["detail"] == "The credential is of another tenant."
    assert not house.dispatcher.jobs
    told(ask(house, way, {"tenant": "acme"}, ACME), way)["job_id"]
    assert house.dispatcher.jobs[0].tenant == "acme"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bad", ["", "a" * 65, "a b", "-a", "a/b", "acme\n", "é", 5, ["acme"]])
def test_what_is_no_tenant_is_refused_with_its_place(standing: House, way: str, bad: object) -> None:
    refused = told(ask(standing, way, {"tenant": bad}), way)
    path = "$.jobs[0].tenant" if way == "bulk" else "$.tenant"
    assert (refused["status"], refused["code"], refused["path"]) == (400, "invalid_input", path)


def test_the_longest_tenant_is_one(house: House) -> None:
    made(house, tenant="a" * 64)
    assert house.dispatcher.jobs[0].tenant == "a" * 64


def test_one_of_many_for_another_tenant_spoils_no_other(house: House) -> None:
    jobs = [{"plugin": "hello", "command": "greet"} | HELLO | {"tenant": tenant} for tenant in ("acme", "zeta")]
    reply = house.call("POST", "/api/v1/jobs/bulk", [JSON, bearer(ACME)], json.dumps({"jobs": jobs}).encode())
    assert (reply.json["accepted"], reply.json["refused"]) == (1, 1)
    assert [job.tenant for job in house.dispatcher.jobs] == ["acme"]


# --- keys ---------------------------------------------------------------------------------------------------------


def keyed(house: House, way: str, tenant: str | None, token: str = CI) -> Reply:
    """One with the idempotency key `order-7`."""
    more: dict[str, object] = {} if tenant is None else {"tenant": tenant}
    if way == "bulk":
        return ask(house, way, more | {"idempotency_key": "order-7"}, token)
    return ask(house, way, more, token, [(b"idempotency-key", b"order-7")])


@pytest.mark.parametrize("way", WAYS)
def test_an_idempotency_key_is_of_one_caller_and_one_tenant(house: House, way: str) -> None:
    ids = [told(keyed(house, way, tenant), way)["job_id"] for tenant in ("acme", "zeta", None)]
    assert len({*ids}) == 3
    for tenant, job_id in zip(("acme", "zeta", None), ids, strict=True):
        again = told(keyed(house, way, tenant), way)
        assert (again["job_id"], again["duplicate"]) == (job_id, True)
    assert [job.tenant for job in house.dispatcher.jobs] == ["acme", "zeta", ""]


def test_a_tenants_own_key_is_another_than_the_operators_for_that_tenant(house: House) -> None:
    theirs = keyed(house, "trigger", "acme", ACME).json
    ours = keyed(house, "trigger", "acme").json
    assert "duplicate" not in ours
    assert ours["job_id"] != theirs["job_id"]


def test_a_unique_key_is_of_one_tenant(house: House) -> None:
    ids = {tenant: made(house, tenant=tenant, unique={"key": "k"}) for tenant in ("acme", "zeta")}
    assert len({*ids.values(), made(house, unique={"key": "k"})}) == 3
    assert made(house, ACME, unique={"key": "k"}) == ids["acme"]
    assert made(house, tenant="zeta", unique={"key": "k"}) == ids["zeta"]


def test_a_debounced_job_takes_no_input_of_another_tenant(house: House) -> None:
    ids = [made(house, tenant=tenant, debounce=5) for tenant in ("acme", "zeta", "acme")]
    assert ids[0] == ids[2] != ids[1]


# --- what else is asked for ---------------------------------------------------------------------------------------


def test_it_waits_for_jobs_of_its_tenant_only(house: House) -> None:
    own, theirs, nobodys = (made(house, **more) for more in ({"tenant": "acme"}, {"tenant": "zeta"}, {}))
    made(house, tenant="acme", after=[own])
    for other in (theirs, nobodys):
        refused = ask(house, "trigger", {"tenant": "acme", "after": [own, other]})
        assert (refused.code, refused.json["path"]) == ("dependency_failed", "$.after[1]")
        assert "job_status" not in refused.json


def test_everything_else_may_be_asked_for_with_it(house: House) -> None:
    made(house, tenant="acme", priority=9, tags=["a"], callback_url="https://example.com/x")
    [job] = house.dispatcher.jobs
    assert (job.tenant, job.priority, job.tags, job.callback_url) == ("acme", 9, ("a",), "https://example.com/x")
    refused = ask(house, "trigger", {"tenant": "acme", "callback_url": "http://example.com/x"})
    assert (refused.code, refused.json["path"]) == ("invalid_input", "$.callback_url")


def test_it_counts_for_who_makes_it_and_not_for_the_tenant() -> None:
    house = of_two(limits=LimitSettings(triggers=Rate(2, 60_000)))
    for tenant in ("acme", "zeta"):
        made(house, tenant=tenant)
    assert ask(house, "trigger", {"tenant": "other"}).code == "rate_limited"
    made(house, ACME)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lean", [True, False])
def test_a_plugin_that_forbids_a_tenant_something_forbids_it_for_that_tenant(way: str, lean: bool) -> None:
    asked: list[tuple[str, str]] = []

    def authorize(question: AccessQuestion) -> bool | None:
        asked.append((question.tenant, question.path))
        return False if question.tenant == "zeta" else None

    guard = Plugin("guard")
    guard.hook(authorize)
    house = of_two(lean, hooks=Hooks([(guard, None)]))
    refused = told(ask(house, way, {"tenant": "zeta"}), way)
    assert (refused["code"], refused["path"]) == ("forbidden", "$.jobs[0].tenant" if way == "bulk" else "$.tenant")
    assert asked[-1] == ("zeta", "/trigger/hello/greet")
    told(ask(house, way, {"tenant": "acme"}), way)["job_id"]
    assert [job.tenant for job in house.dispatcher.jobs] == ["acme"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("forbidden", ["", "acme"])
def test_what_follows_the_job_of_a_tenant_is_asked_about_for_that_tenant_and_for_who_names_it(
    way: str, forbidden: str
) -> None:
    asked: list[tuple[str, str]] = []

    def authorize(question: AccessQuestion) -> bool | None:
        if question.path != "/trigger/hello/look":
            return None
        asked.append((question.tenant, question.principal))
        return question.tenant != forbidden

    guard = Plugin("guard")
    guard.hook(authorize)
    house = of_two(hooks=Hooks([(guard, None)]))
    more: dict[str, object] = {"tenant": "acme", "on_failure": [{"run": "hello/look"}]}
    refused = told(ask(house, way, more), way)
    path = "$.jobs[0].on_failure[0].run" if way == "bulk" else "$.on_failure[0].run"
    assert (refused["code"], refused["path"]) == ("forbidden", path)
    assert asked == [("", "token:ci"), ("acme", "token:ci")][: 1 if forbidden == "" else 2]
    assert not house.dispatcher.jobs
