"""New jobs by `POST /api/v1/jobs` and `/bulk`, and all that a caller can ask for."""

import json
from typing import Any

import pytest
from tests.unit.gateway.lab import ACME, ADMIN, CI, JSON, LOOKER, NOBODY, OPS, Headers, House, Reply, bearer

HELLO = {"payload": {"name": "Ada"}}
GREET = {"plugin": "hello", "command": "greet"} | HELLO
GONE = "0190f5d2-0000-7000-8000-000000000000"


def post(house: House, path: str, body: object, token: str = CI, headers: Headers = ()) -> Reply:
    """A request with a JSON body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return house.call("POST", path, [JSON, bearer(token), *headers], raw)


def create(house: House, more: dict[str, object] | None = None, token: str = CI, headers: Headers = ()) -> Reply:
    """A new job."""
    return post(house, "/api/v1/jobs", GREET | (more or {}), token, headers)


def made(house: House, more: dict[str, object] | None = None) -> str:
    """The id of a new job."""
    reply = create(house, more)
    assert reply.status == 202, reply.body
    return str(reply.json["job_id"])


def shown(house: House, job_id: str) -> dict[str, Any]:
    """All of a job."""
    return house.get(f"/api/v1/jobs/{job_id}").json


# --- one ----------------------------------------------------------------------------------------------------------


def test_a_job_is_made_as_a_trigger_makes_it(house: House) -> None:
    reply = create(house)
    [job] = house.dispatcher.jobs
    assert reply.status == 202
    assert reply.json == {"job_id": job.id, "status": "queued", "plugin": "hello", "command": "greet"}
    assert reply["location"] == f"/api/v1/jobs/{job.id}"
    assert (job.args, job.principal, job.priority) == (b'{"name": "Ada"}', "token:ci", 3)


def test_a_job_can_be_waited_for_and_has_an_idempotency_key(house: House) -> None:
    key = (b"idempotency-key", b"k1")
    first, second = create(house, headers=[key]), create(house, headers=[key])
    assert second.json == first.json | {"duplicate": True}
    assert create(house, {"priority": 1}, headers=[key]).code == "idempotency_mismatch"
    assert create(house, headers=[key, key]).code == "invalid_request"
    assert create(house, headers=[(b"prefer", b"wait=2")])["preference-applied"] == "wait=2"
    assert house.dispatcher.waits == [2]


def test_making_a_job_needs_what_its_trigger_needs(house: House) -> None:
    assert create(house, token=NOBODY).code == "forbidden"
    assert create(house, token=OPS).code == "forbidden"
    assert create(house, token="nope").code == "unauthenticated"
    assert create(house, {"command": "gone"}).code == "not_found"
    assert create(house, {"plugin": "gone"}).code == "forbidden"  # whether or not it is there
    look = {"plugin": "hello", "command": "look"}
    assert post(house, "/api/v1/jobs", look, LOOKER).status == 202


def test_a_job_belongs_to_the_tenant_of_its_maker(house: House) -> None:
    assert create(house, token=ACME).status == 202
    assert house.dispatcher.jobs[0].tenant == "acme"


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (HELLO, "invalid_input", "$.plugin"),
        (HELLO | {"plugin": "hello"}, "invalid_input", "$.command"),
        (GREET | {"payload": {}}, "invalid_input", "$.payload.name"),
        (GREET | {"nope": 1}, "invalid_input", "$.nope"),
        ([], "invalid_input", "$"),
    ],
)
def test_a_wrong_body_is_400_with_its_place(house: House, body: object, code: str, path: str) -> None:
    reply = post(house, "/api/v1/jobs", body)
    assert (reply.status, reply.code, reply.json["path"]) == (400, code, path)
    assert not house.dispatcher.jobs


def test_a_body_that_is_no_json_or_too_large_is_refused(house: House) -> None:
    assert post(house, "/api/v1/jobs", b"{").code == "invalid_json"
    assert post(house, "/api/v1/jobs", b'{"plugin":"\xff"}').code == "invalid_json"
    assert post(house, "/api/v1/jobs", b" " * 5000).code == "too_large"
    reply = house.call("POST", "/api/v1/jobs", [bearer(), (b"content-type", b"text/plain")], b"{}")
    assert reply.code == "unsupported_media_type"


# --- what is asked for ---------------------------------------------------------------------------------------------


def test_everything_that_is_asked_for_is_kept_with_the_job(house: House) -> None:
    first = made(house)
    job_id = made(
        house,
        {
            "priority": 9,
            "delay": 60,
            "timeout": 2.5,
            "affinity": "llama",
            "retry": {"attempts": 7, "base": 2, "cap": 30, "on": ["busy"], "not_on": ["bad"]},
            "callback_url": "https://example.com/x",
            "callback_events": ["started", "finished"],
            "after": [first],
            "unique": {"key": "k"},
            "tags": ["a", "b"],
        },
    )
    job = shown(house, job_id)
    assert (job["priority"], job["timeout"], job["affinity"], job["tags"]) == (9, 2.5, "llama", ["a", "b"])
    assert (job["max_attempts"], job["after"], job["unique_key"]) == (7, [first], "=k")
    assert job["retry"] == {"attempts": 7, "base": 2.0, "cap": 30.0, "on": ["busy"], "not_on": ["bad"]}
    assert (job["callback_url"], job["callback_events"]) == ("https://example.com/x", ["started", "finished"])
    assert job["run_at"] == "2023-11-14T22:14:20.000Z"


def test_an_active_job_with_the_same_unique_key_stands_for_a_new_one(house: House) -> None:
    first = made(house, {"unique": {"key": "k"}})
    again = create(house, {"unique": {"key": "k"}, "payload": {"name": "Bob"}})
    assert (again.json["job_id"], again.json["duplicate"]) == (first, True)
    assert made(house, {"unique": {"key": "other"}}) != first
    same = made(house, {"unique": {}})  # without a key the input is one
    assert create(house, {"unique": {}}).json["job_id"] == same


def test_a_debounced_job_takes_the_last_input_and_says_so(house: House) -> None:
    first = made(house, {"debounce": 5})
    again = create(house, {"debounce": 5, "payload": {"name": "Bob"}})
    assert again.json == {
        "job_id": first,
        "status": "queued",
        "plugin": "hello",
        "command": "greet",
        "coalesced": True,
    }
    assert shown(house, first)["args"] == {"name": "Bob"}


def test_a_full_lane_is_503_and_says_when_to_come_back(house: House) -> None:
    house.dispatcher.cap = 1
    made(house)
    for reply in (create(house), house.trigger(HELLO)):
        assert (reply.status, reply.code, reply.json["retryable"], reply["retry-after"]) == (
            503,
            "lane_full",
            True,
            "5",
        )
        assert reply.json["queued"] == 1


def test_a_job_waits_for_others_that_its_caller_can_see_and_that_did_not_fail(house: House) -> None:
    own, others = made(house), str(create(house, token=ADMIN).json["job_id"])
    assert made(house, {"after": [own]})
    for foreign in (others, GONE):  # another's job and none are the same
        reply = create(house, {"after": [own, foreign]})
        assert (reply.status, reply.code, reply.json["path"]) == (409, "dependency_failed", "$.after[1]")
        assert reply.json["detail"] == "There is no such job to wait for."
    assert post(house, f"/api/v1/jobs/{own}/cancel", b"").status == 200
    reply = create(house, {"after": [own]})
    assert (reply.code, reply.json["job_id"], reply.json["job_status"]) == ("dependency_failed", own, "cancelled")


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"run_at": 1, "delay": 1}, "$.delay"),
        ({"debounce": 1, "delay": 1}, "$.debounce"),
        ({"debounce": 1, "run_at": 1}, "$.debounce"),
        ({"debounce": 1, "unique": {"policy": "skip"}}, "$.unique.policy"),
        ({"max_attempts": 2, "retry": {"attempts": 3}}, "$.retry.attempts"),
        ({"retry": {"on": ["a"], "not_on": ["a"]}}, "$.retry.not_on"),
        ({"retry": {"base": 9, "cap": 3}}, "$.retry.cap"),
        ({"retry": {"base": 5000}}, "$.retry.base"),  # the command's own cap is less
        ({"retry": {"cap": 0.5}}, "$.retry.cap"),
        ({"callback_events": ["started"]}, "$.callback_events"),
        ({"callback_url": "https://example.com/", "callback_events": ["started", "started"]}, "$.callback_events"),
        ({"callback_url": "https://example.com/", "callback_events": []}, "$.callback_events"),
        ({"callback_url": "http://example.com/"}, "$.callback_url"),
        ({"after": ["x"]}, "$.after[0]"),
        ({"after": [GONE, GONE]}, "$.after"),
        ({"unique": {"policy": "never"}}, "$.unique.policy"),
        ({"unique": {"key": ""}}, "$.unique.key"),
        ({"on_success": [{"run": "nothing"}]}, "$.on_success[0].run"),
        ({"on_success": [{"run": "hello/gone"}]}, "$.on_success[0].run"),
        ({"on_success": [{"run": "hello/greet"}]}, "$.on_success[0].run"),  # a Greeting is nobody's name
        ({"on_failure": [{"run": "hello/greet"}]}, "$.on_failure[0].run"),  # a JobFailure is nobody's name
        ({"affinity": ""}, "$.affinity"),
    ],
)
def test_what_contradicts_itself_or_does_not_fit_is_400_with_its_place(
    house: House, more: dict[str, object], path: str
) -> None:
    for reply in (create(house, more), house.trigger(HELLO | more)):
        assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", path), reply.body
    assert not house.dispatcher.jobs


def test_a_chain_that_does_not_fit_is_refused_by_the_names_of_both_commands(house: House) -> None:
    reply = create(house, {"on_success": [{"run": "hello/greet"}]})
    assert reply.json["detail"].startswith("The command hello/greet does not take what hello/greet gives: at /")


def test_a_chain_runs_only_what_its_caller_may_run(house: House) -> None:
    look = {"plugin": "hello", "command": "look"}
    chained = look | {"on_success": [{"run": "hello/look"}, {"run": "hello/greet"}]}
    reply = post(house, "/api/v1/jobs", chained, LOOKER)
    assert (reply.status, reply.code, reply.json["path"]) == (403, "forbidden", "$.on_success[1].run")
    allowed = look | {"on_success": [{"run": "hello/look", "priority": 2, "tags": ["x"]}]}
    job_id = post(house, "/api/v1/jobs", allowed, LOOKER).json["job_id"]
    assert shown(house, job_id)["on_success"] == [{"run": "hello/look", "priority": 2, "tags": ["x"]}]


# --- many ---------------------------------------------------------------------------------------------------------


def bulk(house: House, *jobs: object, token: str = CI) -> Reply:
    """Many jobs."""
    return post(house, "/api/v1/jobs/bulk", {"jobs": list(jobs)}, token)


def test_of_many_jobs_the_bad_ones_spoil_no_others(house: House) -> None:
    jobs = (
        GREET,
        GREET | {"payload": {"name": 5}},
        5,
        GREET | {"plugin": "other"},
        GREET | {"command": "gone"},
        GREET | {"delay": 1, "run_at": 1},
        GREET | {"after": [GONE]},
        GREET | {"payload": {"name": "Bob"}},
    )
    reply = bulk(house, *jobs)
    assert (reply.status, reply.json["accepted"], reply.json["refused"]) == (200, 2, 6)
    results = reply.json["results"]
    assert [result["index"] for result in results] == list(range(len(jobs)))
    assert [results[at]["job_id"] for at in (0, 7)] == [job.id for job in house.dispatcher.jobs]
    problems = [(result["problem"]["code"], result["problem"].get("path")) for result in results[1:7]]
    assert problems == [
        ("invalid_input", "$.jobs[1].payload.name"),
        ("invalid_input", "$.jobs[2]"),
        ("forbidden", "$.jobs[3]"),
        ("not_found", "$.jobs[4]"),
        ("invalid_input", "$.jobs[5].delay"),
        ("dependency_failed", "$.jobs[6].after[0]"),
    ]


def test_each_of_many_jobs_may_have_an_idempotency_key(house: House) -> None:
    keyed = GREET | {"idempotency_key": "k"}
    reply = bulk(house, keyed, keyed, GREET | {"idempotency_key": "k", "priority": 1})
    first, second, third = reply.json["results"]
    assert second == {"index": 1, "job_id": first["job_id"], "duplicate": True}
    assert (third["problem"]["code"], third["problem"]["job_id"]) == ("idempotency_mismatch", first["job_id"])
    assert bulk(house, keyed).json["results"][0]["duplicate"]
    assert len(house.dispatcher.jobs) == 1


@pytest.mark.parametrize(
    "body", [{}, {"jobs": []}, {"jobs": [1] * 1001}, {"jobs": 5}, {"jobs": [GREET], "more": 1}, []]
)
def test_what_is_no_list_of_jobs_is_400(house: House, body: object) -> None:
    reply = post(house, "/api/v1/jobs/bulk", body)
    assert (reply.status, reply.code) == (400, "invalid_input")


def test_many_jobs_need_a_caller(house: House) -> None:
    assert bulk(house, GREET, token="nope").code == "unauthenticated"
    assert [result["problem"]["code"] for result in bulk(house, GREET, token=NOBODY).json["results"]] == ["forbidden"]
