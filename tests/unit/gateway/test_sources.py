"""`/api/v1/sources`, and what is kept of the events that came in by them."""

import hmac
import json

import pytest
from msgspec.structs import replace
from tests.unit.gateway.lab import (
    ADMIN,
    CI,
    JSON,
    NOBODY,
    OPS,
    SECRET,
    Headers,
    House,
    Reply,
    bearer,
    config_of,
    house_of,
    run,
)

from hookyard.config.model import RouteSettings, SecretSettings, Server
from hookyard.config.values import Rate, Secret
from hookyard.model import AuditEntry
from hookyard.store.contract import AuditQuery, Enqueue
from hookyard.store.memory import MemoryStore

PUSH = b'{"who": "Ada"}'
OLDER = "0190a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b"


def signed(body: bytes, event: str = "push", delivery: str = "d-1") -> Headers:
    digest = hmac.digest(SECRET.encode(), body, "sha256").hex().encode()
    return [
        (b"x-github-event", event.encode()),
        (b"x-github-delivery", delivery.encode()),
        (b"x-hub-signature-256", b"sha256=" + digest),
        JSON,
    ]


def hook(house: House, body: bytes = PUSH, **said: str) -> Reply:
    return house.call("POST", "/hooks/hub", signed(body, **said), body)


def post(house: House, path: str, body: object = None, token: str = ADMIN) -> Reply:
    raw = b"" if body is None else json.dumps(body).encode()
    return house.call("POST", path, [bearer(token), JSON], raw)


def audited(house: House) -> list[AuditEntry]:
    async def ask() -> list[AuditEntry]:
        return list((await house.store.audit(AuditQuery())).entries)

    return run(ask())


def changed(*, store: MemoryStore | None = None, **settings: object) -> House:
    """A gateway whose source `hub` has other settings."""
    config = config_of()
    hub = replace(config.sources["hub"], **settings)
    return house_of(replace(config, sources={**config.sources, "hub": hub}), store=store)


def test_sources_are_listed_by_name_with_how_they_are_verified_and_without_their_secrets(house: House) -> None:
    reply = house.get("/api/v1/sources", ADMIN)
    assert reply.status == 200
    hub, plain = reply.json["sources"]
    assert (hub["source"], hub["scheme"], hub["sure"], hub["take"]) == ("hub", "github", "vectors", "first")
    assert hub["url"] == "/hooks/hub"
    assert hub["secrets"] == [{"number": 0}]
    assert hub["routes"][0] == {"on": ["push"], "command": "hello/greet", "available": True}
    assert hub["dedupe_seconds"] == 3600
    assert (plain["source"], plain["scheme"]) == ("plain", "template")
    assert "sure" not in plain
    assert SECRET.encode() not in reply.body
    assert house.get("/api/v1/sources/hub", ADMIN).json == hub


def test_a_source_shows_its_condition_its_rate_and_which_secrets_have_expired() -> None:
    house = changed(
        secrets=(
            SecretSettings(value=Secret("new"), id="k1"),
            SecretSettings(value=Secret("old"), until="2001-01-01T00:00:00Z"),
        ),
        rate=Rate(10, 60_000),
        take="all",
        url="https://elsewhere.example.com/in",
        routes=(RouteSettings(on="push", if_="event.who == 'Ada'", run="hello/greet", with_={"name": "$.who"}),),
    )
    hub = house.get("/api/v1/sources/hub", ADMIN).json
    assert hub["secrets"] == [
        {"number": 0, "id": "k1"},
        {"number": 1, "until": "2001-01-01T00:00:00.000Z", "expired": True},
    ]
    assert (hub["rate"], hub["take"], hub["url"]) == ("10/1m", "all", "https://elsewhere.example.com/in")
    assert hub["routes"][0]["condition"] == "event.who == 'Ada'"


def test_the_url_of_a_source_is_that_of_the_server() -> None:
    config = config_of()
    server = Server(max_body=config.server.max_body, public_url="https://hooks.example.com")
    house = house_of(replace(config, server=server))
    assert house.get("/api/v1/sources/hub", ADMIN).json["url"] == "https://hooks.example.com/hooks/hub"


@pytest.mark.parametrize("token", [CI, NOBODY, OPS])
def test_sources_are_for_those_with_the_scope(house: House, token: str) -> None:
    assert house.get("/api/v1/sources", token).status == 403
    assert house.get("/api/v1/sources/hub", token).status == 403
    assert post(house, "/api/v1/sources/hub/forget", {"delivery": "d-1"}, token).status == 403


def test_a_source_that_is_not_there_is_404(house: House) -> None:
    assert house.get("/api/v1/sources/nope", ADMIN).status == 404
    assert post(house, "/api/v1/sources/nope/forget", {"delivery": "d-1"}).status == 404


def test_a_delivery_that_is_forgotten_is_taken_again_and_who_did_that_is_known(house: House) -> None:
    first = hook(house).json["job_id"]
    assert hook(house).json == {**hook(house).json, "job_id": first, "duplicate": True}
    assert post(house, "/api/v1/sources/hub/forget", {"delivery": "d-1"}).json == {"forgotten": 1}
    assert hook(house).json["job_id"] != first
    [entry] = audited(house)
    assert (entry.principal, entry.action, entry.target) == ("token:admin", "source.forget", "hub")
    assert json.loads(entry.details) == {"delivery": "d-1"}


def test_forgetting_what_nobody_knows_forgets_nothing(house: House) -> None:
    assert post(house, "/api/v1/sources/hub/forget", {"delivery": "d-9"}).json == {"forgotten": 0}
    for wrong in ({}, {"delivery": ""}, {"delivery": "x" * 256}, {"delivery": 1}, {"delivery": "d", "more": 1}):
        assert post(house, "/api/v1/sources/hub/forget", wrong).status == 400


def test_what_a_sender_sent_is_shown_with_the_job_that_came_of_it(house: House) -> None:
    job_id = hook(house).json["job_id"]
    shown = house.get(f"/api/v1/jobs/{job_id}/inbound", ADMIN).json
    assert shown == {
        "job_id": job_id,
        "source": "hub",
        "event": "push",
        "delivery": "d-1",
        "body": {"who": "Ada"},
    }
    trigger = house.trigger({"payload": {"name": "Ada"}}).json["job_id"]
    assert house.get(f"/api/v1/jobs/{trigger}/inbound", ADMIN).status == 404
    assert house.get(f"/api/v1/jobs/{job_id}/inbound", NOBODY).status == 404


def test_a_replay_makes_a_job_anew_which_is_no_duplicate_and_has_a_past_of_its_own(house: House) -> None:
    job_id = hook(house).json["job_id"]
    reply = post(house, f"/api/v1/jobs/{job_id}/replay")
    assert reply.status == 202
    [made] = reply.json["jobs"]
    assert made["job_id"] != job_id
    assert (made["plugin"], made["command"], reply.json["event"]) == ("hello", "greet", "push")
    job = house.dispatcher.jobs[-1]
    assert (job.id, job.args, job.source, job.principal) == (made["job_id"], b'{"name":"Ada"}', "hub", "source:hub")
    [entry] = audited(house)
    assert (entry.action, entry.target) == ("job.replay", job_id)
    again = post(house, f"/api/v1/jobs/{job_id}/replay")
    assert again.status == 202
    known = hook(house).json
    assert (known["job_id"], known["duplicate"]) == (again.json["jobs"][0]["job_id"], True)
    assert len(house.dispatcher.jobs) == 3


def test_a_replay_of_one_of_several_jobs_does_not_run_the_others_once_more() -> None:
    routes = (
        RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"}),
        RouteSettings(on="push", run="hello/look"),
        RouteSettings(on="push", run="hello/greet", with_={"name": "Bob"}),
    )
    house = changed(routes=routes, take="all")
    greet, look, again = hook(house).json["jobs"]
    assert [one["command"] for one in (greet, look, again)] == ["greet", "look", "greet"]
    replayed = post(house, f"/api/v1/jobs/{look['job_id']}/replay").json["jobs"]
    assert [one["command"] for one in replayed] == ["look"]
    mended = changed(routes=routes[:1], take="all", store=house.store)
    mended.clock.advance(1)
    reply = post(mended, f"/api/v1/jobs/{look['job_id']}/replay")
    assert (reply.status, reply.code, reply.json["job_ids"]) == (409, "exists", [greet["job_id"]])
    assert not mended.dispatcher.jobs, "the route that is left has run"


def test_a_dead_letter_is_replayed_once_its_route_is_mended() -> None:
    house = changed(routes=(RouteSettings(on="push", run="hello/greet", with_={"name": "$.whom"}),))
    refused = hook(house)
    assert (refused.status, refused.code, refused.json["path"]) == (422, "invalid_event", "$.whom")
    dead = refused.json["job_id"]
    still = post(house, f"/api/v1/jobs/{dead}/replay")
    assert (still.status, still.code) == (422, "invalid_event")
    mended = house_of(config_of(), store=house.store)
    [made] = post(mended, f"/api/v1/jobs/{dead}/replay").json["jobs"]
    assert mended.dispatcher.jobs[-1].id == made["job_id"]
    assert mended.dispatcher.jobs[-1].args == b'{"name":"Ada"}'


def test_what_cannot_be_replayed_is_said(house: House) -> None:
    job_id = hook(house).json["job_id"]
    trigger = house.trigger({"payload": {"name": "Ada"}}).json["job_id"]
    assert post(house, f"/api/v1/jobs/{trigger}/replay").status == 404
    assert post(house, f"/api/v1/jobs/{job_id}/replay", token=CI).status == 404
    assert post(house, "/api/v1/jobs/nonsense/replay").status == 400
    config = config_of()
    other = house_of(replace(config, sources={"plain": config.sources["plain"]}), store=house.store)
    gone = post(other, f"/api/v1/jobs/{job_id}/replay")
    assert (gone.status, gone.json["detail"]) == (404, "The source 'hub' is not there any more.")
    unrouted = replace(config.sources["hub"], routes=(RouteSettings(on="star", run="hello/greet"),))
    ignoring = house_of(replace(config, sources={"hub": unrouted}), store=house.store)
    assert post(ignoring, f"/api/v1/jobs/{job_id}/replay").json == {"event": "push", "jobs": []}


def test_that_the_event_of_an_older_job_was_not_kept_is_said(house: House) -> None:
    hook(house)
    older = replace(house.dispatcher.jobs[-1], id=OLDER)
    house.store.apply([Enqueue(now=0, job=older)])
    reply = post(house, f"/api/v1/jobs/{OLDER}/replay")
    assert (reply.status, reply.code) == (404, "not_found")
    assert str(reply.json["detail"]).startswith("What the sender sent was not kept")


def test_a_query_is_not_understood(house: House) -> None:
    assert house.get("/api/v1/sources", ADMIN, query=b"x=1").status == 400
    assert house.get("/api/v1/sources/hub", ADMIN, query=b"x=1").status == 400
