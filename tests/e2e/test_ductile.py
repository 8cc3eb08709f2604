"""A collection of Ductile plugins served as it is: triggers, webhooks, aliases, state, read commands."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.lab import SOURCE_SECRET, Server

COLLECTION = Path(__file__).parents[1] / "unit" / "runners" / "ductile_plugins"
LOOKER = "hky_only_looks"


@pytest.fixture
def serving(server: Server) -> Server:
    server.config["plugin_dirs"] = [str(COLLECTION)]
    server.config["plugins"] = {
        "notify": {"config": {"webhook_url": "http://127.0.0.1:1/"}},
        "folder_watch": {"config": {"root": str(server.folder)}},
        "flood": {"enabled": False},
        "counter-two": {"uses": "counter"},
    }
    server.config["sources"] = {
        "github": {"scheme": "github", "secrets": [SOURCE_SECRET], "routes": [{"run": "notify/handle"}]}
    }
    looker = {"name": "looker", "sha256": hashlib.sha256(LOOKER.encode()).hexdigest(), "scopes": ["trigger:ro"]}
    server.config["tokens"].append(looker)
    return server.start()


def run(server: Server, key: str, payload: object, token: str | None = None) -> httpx.Response:
    headers = {"prefer": "wait=20"} | ({} if token is None else {"authorization": f"Bearer {token}"})
    return server.client.post(f"/trigger/{key}", json={"payload": payload}, headers=headers)


def result(server: Server, key: str, payload: object) -> Any:  # noqa: ANN401  JSON
    answer = run(server, key, payload)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()["result"]


def test_a_command_with_an_upper_case_name_is_triggered_and_its_input_is_checked(serving: Server) -> None:
    assert result(serving, "greet/Greet", {"name": "Ada"}) == {"result": "Hello, Ada!", "events": 0}
    refused = run(serving, "greet/Greet", {"name": 7})
    assert refused.status_code == 400
    assert refused.json()["path"] == "$.payload.name"
    assert "/trigger/greet/Greet" in serving.client.get("/openapi.json").json()["paths"]


def test_a_read_command_may_be_called_by_who_may_only_read(serving: Server) -> None:
    assert run(serving, "greet/Greet", {"name": "Ada"}, LOOKER).status_code == 200
    assert run(serving, "greet/greet-loudly", {"name": "Ada"}, LOOKER).status_code == 403


def test_state_is_kept_from_job_to_job_and_apart_for_an_alias(serving: Server) -> None:
    said = [result(serving, key, {})["result"] for key in ("counter/poll", "counter/poll", "counter-two/poll")]
    assert said == ["run 1", "run 2", "run 1"]


def test_a_webhook_reaches_handle_as_an_event(serving: Server) -> None:
    job_id = serving.push(b'{"message": "hi"}', delivery="1").json()["job_id"]
    looks = 200
    while (job := serving.job(job_id))["status"] != "succeeded" and looks:
        result(serving, "uptime/poll", {})  # a lane of its own: it waits for nobody
        looks -= 1
    event = json.loads(job["result"]["result"])["event"]
    assert event == {"type": "webhook", "payload": {"message": "hi"}, "source": "github", "event_id": job_id}


def test_its_events_and_its_log_can_be_read(serving: Server) -> None:
    answer = run(serving, "folder_watch/poll", {}).json()
    assert answer["result"]["events"] > 0
    listed = serving.client.get("/api/v1/events", params={"job_id": answer["job_id"], "limit": 200}).json()["events"]
    assert len(listed) == answer["result"]["events"]
    assert {event["type"] for event in listed} == {"file_created"}
    payloads = [event["payload"] for event in listed]
    assert {"path": "config.yaml", "result": answer["result"]["result"]} in payloads
    failed = run(serving, "greet/Greet", {}).json()
    lines = serving.client.get(f"/api/v1/jobs/{failed['job_id']}/log").json()["lines"]
    assert ("error", "no name in the payload") in {(line["level"], line["event"]) for line in lines}


def test_what_a_plugin_says_of_its_failure_reaches_the_caller(serving: Server) -> None:
    answer = run(serving, "greet/Greet", {}).json()
    job = serving.job(answer["job_id"])
    assert (job["status"], job["reason"]) == ("failed", "not_retryable")
    assert job["error"]["message"] == "no name in the payload"
