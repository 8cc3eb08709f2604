"""The main job, with everything real: a signed push and a trigger in, typed plugins, signed webhooks out."""

import json
from typing import Any

from tests.e2e.lab import Receiver, Server, listen_to

PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
    "created": False,
    "deleted": False,
    "forced": False,
    "compare": "https://github.example/acme/rocket/compare/a...b",
    "repository": {"id": 1, "name": "rocket", "full_name": "acme/rocket", "html_url": "https://github.example/acme/rocket"},
    "pusher": {"name": "ada", "email": "ada@acme.example"},
    "sender": {"login": "ada", "id": 2},
    "head_commit": None,
    "commits": [],
}  # fmt: skip


def test_a_signed_push_runs_its_plugin_and_tells_the_receiver_with_a_signed_webhook(
    with_github: Server, receiver: Receiver
) -> None:
    listen_to(with_github, receiver.url)
    server = with_github.start()
    answer = server.push(json.dumps(PUSH).encode(), delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")
    assert answer.status_code == 202
    job_id = answer.json()["job_id"]
    receiver.wait_for({job_id})
    event = receiver.bodies[job_id]
    assert event["type"] == "job.succeeded"
    assert event["data"]["result"]["repository"] == "acme/rocket"
    job = server.job(job_id)
    assert job["status"] == "succeeded"
    assert job["result"] == event["data"]["result"]
    assert receiver.forged == 0


def test_the_same_delivery_again_names_the_first_job(with_github: Server) -> None:
    server = with_github.start()
    body = json.dumps(PUSH).encode()
    first = server.push(body, delivery="one").json()
    again = server.push(body, delivery="one")
    assert again.status_code == 202
    assert again.json()["job_id"] == first["job_id"]
    assert again.json()["duplicate"] is True
    assert server.push(body + b" ", delivery="one").status_code == 409


def test_a_forged_push_learns_nothing_and_makes_no_job(with_github: Server) -> None:
    server = with_github.start()
    answer = server.push(json.dumps(PUSH).encode(), delivery="one", secret="guessed")
    assert answer.status_code == 401
    assert "secret" not in answer.text
    assert server.client.get("/api/v1/jobs").json()["jobs"] == []


def test_a_ping_is_answered_and_makes_no_job(with_github: Server) -> None:
    server = with_github.start()
    answer = server.push(b'{"zen": "Keep it logically awesome."}', delivery="one", event="ping")
    assert answer.status_code == 200
    assert server.client.get("/api/v1/jobs").json()["jobs"] == []


def test_a_trigger_that_waits_gets_the_typed_result(with_github: Server) -> None:
    server = with_github.start()
    answer = server.client.post(
        "/trigger/hello/greet", json={"payload": {"name": "Ada"}}, headers={"prefer": "wait=10"}
    )
    assert answer.status_code == 200
    assert answer.json()["result"] == {"text": "Hello, Ada!"}


def test_a_callback_url_is_told_of_the_end_of_its_one_job(listening: Server, receiver: Receiver) -> None:
    listening.config["endpoints"] = {}
    server = listening.start()
    answer = server.client.post("/trigger/lab/double", json={"payload": {"n": 4}, "callback_url": receiver.url})
    other = server.trigger("double", {"n": 5}).json()["job_id"]
    job_id = answer.json()["job_id"]
    receiver.wait_for({job_id})
    assert receiver.bodies[job_id]["data"]["result"] == {"n": 8}
    assert other not in receiver.arrived


def test_a_job_tells_its_request_id_in_the_log_from_its_start_to_its_end(server: Server) -> None:
    server.start()
    server.trigger("double", {"n": 1}, prefer="wait=10", x_request_id="from-the-caller")
    line = server.wait_for("job.succeeded")
    assert line["request_id"] == "from-the-caller"
    assert {"job.running", "job.succeeded"} <= {
        entry["event"] for entry in server.log if entry.get("request_id") == "from-the-caller"
    }
