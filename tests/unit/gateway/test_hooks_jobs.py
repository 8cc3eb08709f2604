"""What a verified event becomes: a job of the first route or of all, once; or a dead letter that can be replayed."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.hook_lab import PUSH, config_with, github, hook, push, signed
from tests.unit.gateway.lab import JSON, House, Reply, house_of, run

from hookyard import Plugin
from hookyard.config.model import RouteSettings
from hookyard.hookspecs import InboundEvent
from hookyard.host.hooks import Hooks
from hookyard.model import Inbound, Job
from hookyard.store.contract import DeleteJob, ForgetKeys
from hookyard.store.memory import MemoryStore

GREET = RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"})
LOOK = RouteSettings(on="*", run="hello/look")
NAMELESS = b'{"whom": "Ada"}'


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Whether there is the lean path."""
    return bool(request.param)


def house_with(
    *routes: RouteSettings,
    lean: bool,
    store: MemoryStore | None = None,
    **settings: Any,  # noqa: ANN401  any field of a source
) -> House:
    """A gateway whose source has these routes."""
    return house_of(config_with({"hub": github(routes or (GREET,), **settings)}), lean=lean, store=store)


def job_of(house: House, job_id: str) -> Job:
    """A stored job."""
    found = run(house.store.job(job_id))
    assert found is not None
    return found


def inbound_of(house: House, job_id: str) -> Inbound:
    """What is kept of its event."""
    found = run(house.store.inbound(job_id))
    assert found is not None
    return found


def nameless(house: House, delivery: str = "d-1") -> Reply:
    """A push that its command does not take."""
    return hook(house, NAMELESS, signed(NAMELESS, delivery=delivery))


# --- once -------------------------------------------------------------------------------------------------------


def test_what_a_job_came_of_is_kept_and_the_body_only_when_it_is_not_the_input(lean: bool) -> None:
    house = house_with(GREET, replace(LOOK, on="star"), lean=lean)
    mapped, verbatim = push(house).json["job_id"], push(house, delivery="d-2", event="star").json["job_id"]
    assert inbound_of(house, mapped) == Inbound(source="hub", event="push", delivery="d-1", body=PUSH)
    assert inbound_of(house, verbatim) == Inbound(source="hub", event="star", delivery="d-2")
    assert job_of(house, verbatim).args == PUSH


def test_headers_are_kept_without_credentials_where_a_route_looks_at_them(lean: bool) -> None:
    curious = replace(GREET, if_='headers["user-agent"] == "GitHub-Hookshot/1"')
    house = house_with(curious, lean=lean)
    headers = [*signed(PUSH), (b"user-agent", b"GitHub-Hookshot/1"), (b"authorization", b"Bearer swordfish")]
    kept = inbound_of(house, hook(house, PUSH, headers).json["job_id"]).headers
    assert kept is not None
    assert kept["user-agent"] == "GitHub-Hookshot/1"
    assert "swordfish" not in str(kept)
    assert "x-hub-signature-256" not in kept


def test_two_hundred_identical_requests_at_once_make_one_job(lean: bool) -> None:
    house = house_with(lean=lean)

    async def main() -> list[Reply]:
        return await asyncio.gather(*(house.acall("POST", "/hooks/hub", signed(PUSH), PUSH) for _ in range(200)))

    replies = run(main())
    assert {reply.status for reply in replies} == {202}
    assert len({reply.json["job_id"] for reply in replies}) == 1
    assert [reply.json.get("duplicate") for reply in replies].count(None) == 1
    assert len(house.dispatcher.jobs) == 1


def test_two_bodies_under_one_id_at_once_make_one_job_and_the_other_is_409(lean: bool) -> None:
    house = house_with(lean=lean)
    bodies = [b'{"who": "Ada"}', b'{"who": "Bo"}']

    async def main() -> list[Reply]:
        calls = [house.acall("POST", "/hooks/hub", signed(body), body) for body in bodies * 50]
        return await asyncio.gather(*calls)

    replies = run(main())
    assert sorted({reply.status for reply in replies}) == [202, 409]
    assert {reply.json["job_id"] for reply in replies} == {house.dispatcher.jobs[0].id}
    assert len(house.dispatcher.jobs) == 1


def test_without_a_delivery_id_the_body_is_one(lean: bool) -> None:
    house = house_of(lean=lean)
    headers = [pair for pair in signed(PUSH) if pair[0] == b"x-hub-signature-256"]
    bare = [(b"x-signature", headers[0][1].removeprefix(b"sha256="))]
    first, again = hook(house, PUSH, bare, "plain"), hook(house, PUSH, bare, "plain")
    assert again.json == first.json | {"duplicate": True}
    assert inbound_of(house, first.json["job_id"]).delivery == sha256(PUSH).hexdigest()


def test_after_its_window_a_delivery_id_is_new(lean: bool) -> None:
    house = house_with(lean=lean)
    first = push(house).json["job_id"]
    house.clock.advance(72 * 3_600_000 - 1)
    assert push(house).json["job_id"] == first
    house.clock.advance(1)
    assert push(house).json["job_id"] != first


# --- all --------------------------------------------------------------------------------------------------------


def test_with_all_every_route_that_takes_an_event_has_a_job_of_its_own_once(lean: bool) -> None:
    twice = replace(GREET, with_={"name": "$event"}, priority=9)
    house = house_with(GREET, replace(LOOK, on="star"), LOOK, twice, lean=lean, take="all")
    first, again = push(house), push(house)
    assert first.status == again.status == 202
    jobs = first.json["jobs"]
    assert [(job["plugin"], job["command"], job["status"]) for job in jobs] == [
        ("hello", "greet", "queued"),
        ("hello", "look", "queued"),
        ("hello", "greet", "queued"),
    ]
    stored = [job_of(house, job["job_id"]) for job in jobs]
    assert [json.loads(job.args) for job in stored] == [{"name": "Ada"}, {"who": "Ada"}, {"name": "push"}]
    assert {job.request_id for job in stored} == {first["x-request-id"]}
    assert "duplicate" not in first.json
    assert again.json == {"jobs": [job | {"duplicate": True} for job in jobs], "duplicate": True}
    assert again["x-request-id"] == first["x-request-id"]
    assert len(house.dispatcher.jobs) == 3


def test_with_all_one_route_alone_is_answered_in_the_same_form(lean: bool) -> None:
    house = house_with(GREET, lean=lean, take="all")
    assert [job["command"] for job in push(house).json["jobs"]] == ["greet"]
    assert hook(house, b"{}", signed(b"{}", "star", "d-2")).json == {"status": "ignored", "event": "star"}


def test_with_all_a_route_that_was_added_runs_when_the_delivery_comes_again(lean: bool) -> None:
    house = house_with(GREET, lean=lean, take="all")
    push(house)
    more = house_with(GREET, LOOK, lean=lean, take="all", store=house.store)
    more.clock.advance(1000)
    again = push(more).json
    assert [job.get("duplicate") for job in again["jobs"]] == [True, None]
    assert "duplicate" not in again


def test_with_all_another_body_under_the_id_is_409(lean: bool) -> None:
    house = house_with(GREET, LOOK, lean=lean, take="all")
    push(house)
    reply = push(house, who="Bo")
    assert (reply.status, reply.code) == (409, "idempotency_mismatch")
    assert len(house.dispatcher.jobs) == 2


def test_with_all_a_plugin_that_does_not_run_keeps_the_whole_event_for_later(lean: bool) -> None:
    broken = RouteSettings(on="push", run="broken/run")
    house = house_of(config_with({"hub": github((GREET, broken), take="all")}), lean=lean, inactive={"broken"})
    assert push(house).code == "plugin_unavailable"
    assert not house.dispatcher.jobs


def test_with_all_a_full_lane_is_503_and_what_had_room_is_a_duplicate_later(lean: bool) -> None:
    house = house_with(GREET, replace(GREET, with_={"name": "$event"}), LOOK, lean=lean, take="all")
    house.dispatcher.cap = 1
    reply = push(house)
    assert (reply.status, reply.code) == (503, "lane_full")
    assert "retry-after" in reply
    house.dispatcher.cap = None
    assert [job.get("duplicate") for job in push(house).json["jobs"]] == [True, None, True]


# --- dead letters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "body", "path", "args"),
    [
        ("push", b"{}", "$.who", b"null"),
        ("push", b'{"who":5}', "$.who", b'{"name":5}'),
        ("star", b'{"name":5}', "$.name", b'{"name":5}'),
        ("star", b"[]", "$", b"[]"),
    ],
)
def test_an_event_that_does_not_fit_is_422_with_the_json_path_and_kept_as_a_dead_letter(
    lean: bool, event: str, body: bytes, path: str, args: bytes
) -> None:
    house = house_with(GREET, replace(GREET, on="star", with_=None), lean=lean)
    reply = hook(house, body, signed(body, event))
    assert (reply.status, reply.code, reply.json["path"]) == (422, "invalid_event", path)
    job = job_of(house, reply.json["job_id"])
    assert (job.status, job.reason, job.args, job.attempt) == ("failed", "invalid_input", args, 0)
    assert job.last_error is not None
    assert job.last_error.details == {"path": path}
    kept = inbound_of(house, job.id)
    assert (kept.event, body if kept.body is None else kept.body) == (event, body)
    assert reply["x-request-id"] == job.request_id


def test_a_sender_that_ends_subscriptions_over_errors_is_answered_202(lean: bool) -> None:
    house = house_with(lean=lean, invalid_status=202)
    reply = nameless(house)
    assert reply.status == 202
    job_id = reply.json["job_id"]
    assert reply.json == {
        "job_id": job_id,
        "status": "failed",
        "plugin": "hello",
        "command": "greet",
        "code": "invalid_event",
        "detail": "The event does not have what the route needs.",
        "path": reply.json["path"],
    }
    assert reply["location"] == f"/api/v1/jobs/{job_id}"
    assert nameless(house).json == reply.json | {"duplicate": True}


def test_a_dead_letter_that_comes_again_is_the_same_one(lean: bool) -> None:
    house = house_with(lean=lean)
    first, again = nameless(house), nameless(house)
    assert first.status == again.status == 422
    assert again.json["job_id"] == first.json["job_id"]
    assert again.json["duplicate"] is True
    assert len(house.dispatcher.jobs) == 1
    other = hook(house, b"{}", signed(b"{}"))
    assert (other.status, other.code) == (409, "idempotency_mismatch")


def test_once_the_route_takes_it_a_dead_letter_that_comes_again_runs(lean: bool) -> None:
    house = house_with(lean=lean)
    dead = nameless(house).json["job_id"]
    fixed = house_with(replace(GREET, with_={"name": "$.whom"}), lean=lean, store=house.store)
    fixed.clock.advance(1000)
    reply = nameless(fixed)
    assert (reply.status, reply.json.get("duplicate")) == (202, None)
    assert reply.json["job_id"] != dead


def test_a_delivery_that_ran_is_a_duplicate_also_when_its_route_would_not_take_it_now(lean: bool) -> None:
    fixed = house_with(replace(GREET, with_={"name": "$.whom"}), lean=lean)
    ran = nameless(fixed).json["job_id"]
    house = house_with(lean=lean, store=fixed.store)
    reply = nameless(house)
    assert (reply.status, reply.json["job_id"], reply.json["duplicate"]) == (202, ran, True)
    reply = hook(house, b"{}", signed(b"{}"))
    assert (reply.status, reply.json["job_id"]) == (409, ran)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"name": 5, #', b"[[1], ]"])
def test_a_body_that_is_no_json_is_400_and_not_kept(lean: bool, body: bytes) -> None:
    house = house_with(GREET, replace(GREET, on="star", with_=None), lean=lean)
    for event in ("push", "star"):
        assert hook(house, body, signed(body, event)).code == "invalid_json"
    assert not house.dispatcher.jobs


def test_with_all_what_fits_runs_and_what_does_not_is_kept(lean: bool) -> None:
    house = house_with(GREET, LOOK, lean=lean, take="all")
    reply = nameless(house)
    dead, good = reply.json["jobs"]
    assert reply.status == 202
    assert (dead["status"], dead["code"], good["status"]) == ("failed", "invalid_event", "queued")
    assert (job_of(house, dead["job_id"]).status, job_of(house, good["job_id"]).status) == ("failed", "queued")
    assert nameless(house).json["duplicate"] is True


@pytest.mark.parametrize("status", [422, 202])
def test_with_all_an_event_that_no_route_can_run_is_told_as_one(lean: bool, status: int) -> None:
    house = house_with(GREET, replace(GREET, with_={"name": "$.other"}), lean=lean, take="all", invalid_status=status)
    reply = nameless(house)
    assert reply.status == status
    assert len({job["job_id"] for job in reply.json["jobs"]}) == 2
    assert reply.json["jobs"][1]["path"]
    if status == 422:
        assert (reply.code, reply.json["job_id"]) == ("invalid_event", reply.json["jobs"][0]["job_id"])


def test_what_a_plugin_makes_that_does_not_fit_is_a_dead_letter_too(lean: bool) -> None:
    async def map_input(event: InboundEvent) -> dict[str, int] | None:
        return None if event.event == "star" else {"name": 5}

    guard = Plugin("guard")
    guard.hook(map_input)
    routes = (RouteSettings(run="hello/greet", map="guard"),)
    for take in ("first", "all"):
        config = config_with({"hub": github(routes, take=take)})
        house = house_of(config, lean=lean, hooks=Hooks([(guard, None)]))
        reply = push(house)
        assert (reply.status, reply.json["path"]) == (422, "$.name")
        assert inbound_of(house, reply.json["job_id"]).body == PUSH
        assert push(house, delivery="d-2", event="star").json == {"status": "ignored", "event": "star"}


# --- forced -----------------------------------------------------------------------------------------------------


def test_a_delivery_that_is_forgotten_comes_as_if_for_the_first_time(lean: bool) -> None:
    house = house_with(GREET, LOOK, lean=lean, take="all")
    first = [job["job_id"] for job in push(house).json["jobs"]]
    house.store.apply([ForgetKeys(now=house.clock.now(), scope="source:hub", key="d-1")])
    again = push(house).json
    assert "duplicate" not in again
    assert not set(first) & {job["job_id"] for job in again["jobs"]}


def test_a_form_and_another_charset_become_the_same_jobs(lean: bool) -> None:
    house = house_with(lean=lean)
    form = b"payload=%7B%22who%22%3A+%22Ad%C3%A9%22%7D"
    latin = '{"who": "Adé"}'.encode("latin-1")
    kinds = ((form, b"application/x-www-form-urlencoded"), (latin, b"application/json; charset=iso-8859-1"))
    for at, (body, kind) in enumerate(kinds):
        headers = [pair for pair in signed(body, delivery=f"d-{at}") if pair != JSON]
        assert hook(house, body, [*headers, (b"content-type", kind)]).status == 202
    assert [json.loads(job.args) for job in house.dispatcher.jobs] == [{"name": "Adé"}] * 2
    assert json.loads(inbound_of(house, house.dispatcher.jobs[1].id).body or b"") == {"who": "Adé"}


def test_a_job_that_is_deleted_leaves_its_delivery_known(lean: bool) -> None:
    house = house_with(lean=lean)
    dead = nameless(house).json["job_id"]
    house.store.apply([DeleteJob(now=house.clock.now(), job_id=dead)])
    assert nameless(house).json["job_id"] == dead
