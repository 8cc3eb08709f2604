"""A delivery that comes again, or is replayed: after dead letters and after reloads, nothing of it runs twice."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.hook_lab import config_with, github, hook, push, signed
from tests.unit.gateway.lab import ADMIN, House, Reply, bearer, house_of, run

from hookyard import Plugin
from hookyard.config.model import RouteSettings
from hookyard.hookspecs import InboundEvent
from hookyard.host.hooks import Hooks
from hookyard.model import Job
from hookyard.store.contract import Cancel, DeleteJob, Done, RetryJob
from hookyard.store.memory import MemoryStore

GREET = RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"})
WHOM = replace(GREET, with_={"name": "$.whom"})
LOOK = RouteSettings(on="*", run="hello/look")
MAPPED = RouteSettings(on="push", run="hello/greet", map="guard")
NAMELESS = b'{"whom": "Ada"}'


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Whether there is the lean path."""
    return bool(request.param)


class Yard:
    """A gateway whose source `hub` is loaded anew, over one store."""

    def __init__(self, *routes: RouteSettings, lean: bool, **settings: Any) -> None:  # noqa: ANN401  any field of a source
        self.lean = lean
        self.store: MemoryStore | None = None
        self.made = 0
        """How many jobs were stored before the last reload."""
        self.reloads = 0
        self.fails = False
        """Whether the plugin that maps does."""
        self.house = self.reload(*routes, **settings)

    def reload(self, *routes: RouteSettings, **settings: Any) -> House:  # noqa: ANN401  likewise
        """Serve these routes from now on."""
        if self.store is not None:
            self.made += len(self.house.dispatcher.jobs)
        guard = Plugin("guard")

        async def map_input(event: InboundEvent) -> dict[str, str]:
            if self.fails:
                raise RuntimeError(event.delivery_id)
            return {"name": json.loads(event.body).get("whom")}

        guard.hook(map_input)
        config = config_with({"hub": github(routes, **settings)})
        self.house = house_of(config, lean=self.lean, store=self.store, hooks=Hooks([(guard, None)]))
        self.store = self.house.store
        self.reloads += 1
        self.house.clock.advance(1000 * self.reloads)
        return self.house

    @property
    def jobs(self) -> int:
        """How many jobs were stored in all."""
        return self.made + len(self.house.dispatcher.jobs)

    def push(self, body: bytes = NAMELESS, delivery: str = "d-1") -> Reply:
        """The delivery."""
        return hook(self.house, body, signed(body, delivery=delivery))

    def replay(self, job_id: str) -> Reply:
        """Replay a job's event."""
        return self.house.call("POST", f"/api/v1/jobs/{job_id}/replay", [bearer(ADMIN)])

    def replayed(self, job_id: str) -> list[str]:
        """The ids of the jobs that a replay makes."""
        reply = self.replay(job_id)
        assert reply.status == 202, reply.body
        return [one["job_id"] for one in reply.json["jobs"]]

    def job(self, job_id: str) -> Job:
        """A stored job."""
        found = run(self.house.store.job(job_id))
        assert found is not None
        return found

    def ids(self, reply: Reply) -> list[str]:
        """The jobs that an answer has."""
        return [one["job_id"] for one in reply.json["jobs"]]


def told(reply: Reply) -> tuple[Any, ...]:
    """A duplicate as it is answered."""
    return tuple(reply.json.get(name) for name in ("status", "plugin", "command", "duplicate"))


# --- dead letters -----------------------------------------------------------------------------------------------


def test_a_dead_letter_that_was_run_again_is_what_its_delivery_stands_for(lean: bool) -> None:
    yard = Yard(GREET, lean=lean)
    dead = yard.push().json["job_id"]
    yard.reload(WHOM)
    now = yard.house.clock.now()
    [done] = yard.house.store.apply([RetryJob(now=now, job_id=dead, run_at=now)])
    assert isinstance(done, Done)
    reply = yard.push()
    assert (reply.status, reply.json["job_id"], told(reply)) == (202, dead, ("queued", "hello", "greet", True))
    assert yard.jobs == 1


@pytest.mark.parametrize("take", ["first", "all"])
def test_the_senders_retry_runs_what_could_not_and_the_next_one_is_its_duplicate(lean: bool, take: str) -> None:
    yard = Yard(GREET, lean=lean, take=take)
    dead = yard.push().json["job_id"]
    yard.reload(WHOM, take=take)
    ran, again = yard.push(), yard.push()
    entries: Sequence[Any] = [one.json.get("jobs", [one.json])[0] for one in (ran, again)]
    assert entries[0]["job_id"] != dead
    assert entries[1] == entries[0] | {"duplicate": True}
    yard.reload(GREET, take=take)
    assert yard.push().status == 202, "it has run, whatever its route would say now"
    assert yard.jobs == 2


# --- replayed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("take", ["first", "all"])
def test_what_was_replayed_is_what_the_senders_retry_is_a_duplicate_of(lean: bool, take: str) -> None:
    yard = Yard(GREET, lean=lean, take=take)
    dead = yard.push().json["job_id"]
    assert yard.replay(dead).code == "invalid_event"
    yard.reload(WHOM, take=take)
    [made] = yard.replayed(dead)
    reply = yard.push()
    entry = reply.json.get("jobs", [reply.json])[0]
    assert (reply.status, entry["job_id"], entry["duplicate"]) == (202, made, True)
    assert yard.push(b"{}").code == "idempotency_mismatch"
    assert yard.jobs == 2


def test_so_it_is_once_the_keys_of_the_first_time_are_over(lean: bool) -> None:
    yard = Yard(WHOM, lean=lean)
    first = yard.push().json["job_id"]
    yard.house.clock.advance(72 * 3_600_000)
    [made] = yard.replayed(first)
    assert yard.push().json["job_id"] == made
    assert yard.push(b"{}").code == "idempotency_mismatch"


def test_a_replay_of_a_dead_letter_does_not_run_a_route_that_has_run_it(lean: bool) -> None:
    yard = Yard(LOOK, GREET, lean=lean, take="all")
    ran, dead = yard.ids(yard.push())
    yard.reload(LOOK, replace(LOOK, on="push", with_={"note": "$.whom"}), take="all")
    reply = yard.replay(dead)
    assert (reply.status, reply.code, reply.json["job_ids"]) == (409, "exists", [ran])
    assert yard.jobs == 2


def test_a_replay_runs_the_route_that_took_the_place_of_another_command_alone(lean: bool) -> None:
    yard = Yard(GREET, lean=lean, take="all")
    [dead] = yard.ids(yard.push())
    yard.reload(LOOK, take="all")
    [made] = yard.replayed(dead)
    assert yard.job(made).command == "look"
    assert yard.replay(dead).json["job_ids"] == [made], "the event has run"
    assert [one["job_id"] for one in yard.push().json["jobs"]] == [made]
    assert yard.jobs == 2


def test_of_several_routes_to_one_command_only_that_of_the_job_is_replayed(lean: bool) -> None:
    yard = Yard(WHOM, replace(GREET, with_={"name": "$event"}), lean=lean, take="all")
    first, second = yard.ids(yard.push())
    [made] = yard.replayed(second)
    assert yard.job(made).args == b'{"name":"push"}'
    assert yard.ids(yard.push()) == [first, made]


# --- reloaded ---------------------------------------------------------------------------------------------------


def test_what_the_first_route_took_is_not_run_once_all_do(lean: bool) -> None:
    yard = Yard(WHOM, LOOK, lean=lean)
    first = yard.push().json["job_id"]
    yard.reload(WHOM, LOOK, take="all")
    reply = yard.push()
    entry = {"job_id": first, "status": "queued", "plugin": "hello", "command": "greet", "duplicate": True}
    assert (reply.status, reply.json) == (202, {"jobs": [entry], "duplicate": True})
    assert yard.jobs == 1


def test_what_all_routes_took_is_not_run_once_only_the_first_does(lean: bool) -> None:
    yard = Yard(GREET, WHOM, LOOK, lean=lean, take="all")
    dead, greet, look = yard.ids(yard.push())
    yard.reload(WHOM, LOOK)
    reply = yard.push()
    assert (reply.json["job_id"], reply.json["duplicate"]) == (greet, True)
    assert yard.job(dead).status == "failed"
    yard.reload(GREET, WHOM, LOOK, take="all")
    assert yard.ids(yard.push()) == [dead, greet, look]
    assert yard.jobs == 3


def test_a_route_that_is_put_between_others_does_not_make_them_run_again(lean: bool) -> None:
    event = replace(GREET, with_={"name": "$event"})
    yard = Yard(WHOM, event, lean=lean, take="all")
    first, second = yard.ids(yard.push())
    yard.reload(replace(GREET, with_={"name": "$delivery"}), WHOM, event, take="all")
    between = yard.push()
    assert [one.get("duplicate") for one in between.json["jobs"]] == [None, True, True]
    assert yard.ids(between)[1:] == [first, second]
    yard.reload(event, take="all")
    assert yard.ids(yard.push()) == [first], "its command had jobs of the event"
    assert yard.jobs == 3


def test_a_second_route_to_a_command_does_not_make_the_first_run_again(lean: bool) -> None:
    yard = Yard(WHOM, lean=lean, take="all")
    [first] = yard.ids(yard.push())
    yard.reload(replace(GREET, with_={"name": "$event"}), WHOM, take="all")
    assert yard.ids(yard.push()) == [first]
    assert yard.jobs == 1


def test_routes_that_say_the_same_have_a_job_each(lean: bool) -> None:
    yard = Yard(WHOM, WHOM, LOOK, lean=lean, take="all")
    assert len(set(yard.ids(yard.push()))) == 3
    assert yard.push().json["duplicate"] is True
    assert yard.jobs == 3


# --- plugins that fail ------------------------------------------------------------------------------------------


def test_what_a_plugin_fails_to_map_is_kept_and_runs_when_it_comes_again(lean: bool) -> None:
    yard = Yard(MAPPED, lean=lean, invalid_status=202)
    yard.fails = True
    reply, again = yard.push(), yard.push()
    assert (reply.status, reply.code, reply.json["retryable"]) == (503, "plugin_unavailable", True)
    dead = yard.job(reply.json["job_id"])
    assert (dead.status, dead.reason, dead.args, dead.attempt) == ("failed", "invalid_input", b"null", 0)
    assert dead.last_error is not None
    assert dead.last_error.code == "plugin_unavailable"
    assert (again.status, again.json["job_id"], again.json["duplicate"]) == (503, dead.id, True)
    assert yard.replay(dead.id).code == "plugin_unavailable"
    yard.fails = False
    ran = yard.push()
    assert (ran.status, ran.json.get("duplicate")) == (202, None)
    assert yard.push().json == ran.json | {"duplicate": True}
    assert yard.jobs == 2


def test_with_all_the_other_routes_run_and_the_sender_is_to_come_again(lean: bool) -> None:
    yard = Yard(LOOK, MAPPED, lean=lean, take="all")
    yard.fails = True
    reply = yard.push()
    look, dead = yard.ids(reply)
    assert (reply.status, reply.code, reply.json["job_id"]) == (503, "plugin_unavailable", dead)
    assert [one["status"] for one in reply.json["jobs"]] == ["queued", "failed"]
    assert reply.json["jobs"][1]["code"] == "plugin_unavailable"
    yard.fails = False
    ran = yard.push()
    assert (ran.status, [one.get("duplicate") for one in ran.json["jobs"]]) == (202, [True, None])
    assert yard.ids(ran)[0] == look
    assert yard.jobs == 3


def test_what_a_plugin_failed_to_map_is_replayed_once_it_does(lean: bool) -> None:
    yard = Yard(MAPPED, lean=lean)
    yard.fails = True
    dead = yard.push().json["job_id"]
    yard.fails = False
    [made] = yard.replayed(dead)
    assert yard.job(made).args == b'{"name":"Ada"}'
    assert yard.push().json["job_id"] == made


# --- what a duplicate is told -------------------------------------------------------------------------------------


def test_a_duplicate_names_the_jobs_own_command_and_how_it_stands(lean: bool) -> None:
    yard = Yard(WHOM, lean=lean)
    first = yard.push().json["job_id"]
    yard.house.store.apply([Cancel(now=yard.house.clock.now(), job_id=first)])
    yard.reload(LOOK)
    reply = yard.push()
    assert (reply.status, reply["location"]) == (202, f"/api/v1/jobs/{first}")
    assert told(reply) == ("cancelled", "hello", "greet", True)


@pytest.mark.parametrize("take", ["first", "all"])
def test_of_a_job_that_is_forgotten_only_its_id_is_told(lean: bool, take: str) -> None:
    yard = Yard(WHOM, lean=lean, take=take)
    yard.push()
    [first] = [job.id for job in yard.house.dispatcher.jobs]
    now = yard.house.clock.now()
    yard.house.store.apply([Cancel(now=now, job_id=first), DeleteJob(now=now, job_id=first)])
    reply = yard.push()
    entry = {"job_id": first, "status": "forgotten", "duplicate": True}
    assert reply.json == (entry if take == "first" else {"jobs": [entry], "duplicate": True})
    assert "location" not in reply
    assert yard.jobs == 1


def test_the_first_time_costs_no_look_at_any_job(lean: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(config_with({"hub": github((GREET, LOOK), take="all"), "one": github((GREET,))}), lean=lean)

    async def looked(*asked: object) -> None:
        raise AssertionError(asked)

    for name in ("job", "keyed"):
        monkeypatch.setattr(house.store, name, looked)
    assert push(house).status == push(house, source="one").status == 202
