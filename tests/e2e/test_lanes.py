"""Lanes of a real server: shown, paused and resumed over HTTP and by the command line; a breaker tells an endpoint."""

import json
import subprocess
import sys
from typing import Any

import httpx
from tests.e2e.lab import PATIENCE, TOKEN, Receiver, Server, listen_to

JOB = "/trigger/lab/double"


def configured(server: Server) -> Server:
    server.config["tokens"][0]["scopes"] += ["lanes:*", "audit:read"]
    server.config["lanes"] = {"lab": {"limit": 6}, "lab/double": {"limit": 2, "rate": "100/1s", "max_queued": 3}}
    server.config["commands"] = {"lab/refuse": {"breaker": {"failures": 2, "cooldown": "1h"}}}
    return server


def hookyard(server: Server, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", *words, "--url", str(server.client.base_url).rstrip("/")],
        check=False,
        env={"PATH": "", "HOOKYARD_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def lane(server: Server, name: str) -> dict[str, Any]:
    found = server.client.get(f"/api/v1/lanes/{name}")
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


def test_a_paused_lane_takes_jobs_and_starts_none_until_it_is_resumed_also_over_a_restart(server: Server) -> None:
    configured(server).start()
    paused = server.client.post("/api/v1/lanes/lab%2Fdouble/pause", json={"reason": "smoke"})
    assert paused.status_code == 200, paused.text
    assert paused.json()["paused"]["reason"] == "smoke"
    assert paused.json()["paused"]["by"] == "token:tester"
    again = server.client.post("/api/v1/lanes/lab/double/pause")
    assert (again.status_code, again.json()) == (200, paused.json())
    jobs = [server.client.post(JOB, json={"payload": {"n": n}}) for n in range(4)]
    assert [job.status_code for job in jobs] == [202, 202, 202, 503]
    full = jobs[3].json()
    assert (full["code"], full["retryable"]) == ("lane_full", True)
    assert int(jobs[3].headers["retry-after"]) >= 1
    assert server.client.post("/trigger/lab/until", json={"payload": {"file": "x", "until": "."}}).status_code == 202

    server.kill()
    server.process.wait(PATIENCE)
    server.start()
    assert server.wait_for("lane.paused")["lane"] == "lab/double"
    shown = lane(server, "lab/double")
    assert {name: shown[name] for name in ("limit", "queued", "running", "rate", "burst", "max_queued")} == {
        "limit": 2,
        "queued": 3,
        "running": 0,
        "rate": "100/1s",
        "burst": 100,
        "max_queued": 3,
    }

    resumed = server.client.post("/api/v1/lanes/lab%2Fdouble/resume")
    assert "paused" not in resumed.json()
    for job in jobs[:3]:
        server.wait_for("job.succeeded", job_id=job.json()["job_id"])
    entries = server.client.get("/api/v1/audit", params={"action": "lane"}).json()["entries"]
    assert [(entry["action"], entry["target"]) for entry in entries] == [
        ("lane.resume", "lab/double"),
        ("lane.pause", "lab/double"),
    ]


def test_everything_is_stopped_and_goes_on_from_the_command_line(server: Server) -> None:
    configured(server).start()
    said = hookyard(server, "lanes", "pause", "*", "--reason", "smoke")
    assert said.startswith("* (")
    assert "by token:tester" in said
    waiting = server.client.post(JOB, json={"payload": {"n": 4}}).json()["job_id"]
    listed = hookyard(server, "lanes", "list")
    assert "* is paused since" in listed
    (row,) = [line.split() for line in listed.splitlines() if line.startswith("lab/double")]
    assert row == ["lab/double", "2", "0", "1", "100/1s", "*", "-"]
    rows = [json.loads(line) for line in hookyard(server, "lanes", "list", "--json").splitlines()]
    assert {row["paused"]["lane"] for row in rows} == {"*"}
    assert "still held by the pause of *" in hookyard(server, "lanes", "resume", "lab")
    assert hookyard(server, "lanes", "resume", "*").endswith("goes on\n")
    server.wait_for("job.succeeded", job_id=waiting)
    assert "There is no such lane" in hookyard(server, "lanes", "pause", "nothing", code=69)


def test_who_may_not_and_what_is_not_there_is_refused(server: Server) -> None:
    configured(server).config["tokens"][0]["scopes"].remove("lanes:*")
    server.config["tokens"][0]["scopes"].append("lanes:read")
    server.start()
    calls = [
        ("POST", "/api/v1/lanes/lab/pause", None, 403, "forbidden"),
        ("POST", "/api/v1/lanes/*/resume", None, 403, "forbidden"),
        ("GET", "/api/v1/lanes/lab/nothing", None, 404, "not_found"),
        ("GET", "/api/v1/lanes/lab/double/pause", None, 404, "not_found"),
        ("POST", "/api/v1/lanes/lab/double", None, 404, "not_found"),
        ("DELETE", "/api/v1/lanes/lab/double", None, 405, "method_not_allowed"),
    ]
    for method, path, body, status, code in calls:
        answer = server.client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (method, path)
    nobody = httpx.get(f"{server.client.base_url}".rstrip("/") + "/api/v1/lanes", trust_env=False, timeout=PATIENCE)
    assert nobody.status_code == 401


def test_bad_words_about_a_pause_change_nothing(server: Server) -> None:
    configured(server).start()
    bodies: list[object] = [{"reason": 3}, {"reason": "x" * 501}, {"because": "x"}, []]
    for body in bodies:
        answer = server.client.post("/api/v1/lanes/lab/pause", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), answer.text
    for name in ("nothing", "lab/nothing", "%2A%2A", "%20"):
        assert server.client.post(f"/api/v1/lanes/{name}/pause").status_code == 404
    assert server.client.get("/api/v1/lanes").json()["pauses"] == []


def test_a_breaker_that_opens_is_told_to_an_endpoint_that_listens_and_shown(server: Server, receiver: Receiver) -> None:
    listen_to(configured(server), receiver.url)
    server.config["endpoints"]["receiver"]["events"] = ["breaker.*"]
    server.start()
    for _ in range(2):
        server.client.post("/trigger/lab/refuse", json={"payload": {}}, headers={"prefer": "wait=20"})
    waiting = server.client.post("/trigger/lab/refuse", json={"payload": {}}).json()["job_id"]
    receiver.wait_for({""})
    told = receiver.bodies[""]
    assert told["type"] == "breaker.opened"
    assert told["data"]["plugin"] == "hookyard"
    assert "job_id" not in told["data"]
    payload = told["data"]["payload"]
    assert (payload["command"], payload["lane"], payload["failures"]) == ("lab/refuse", "lab/refuse", 2)
    (breaker,) = lane(server, "lab/refuse")["breakers"]
    assert breaker["state"] == "open"
    assert breaker["until"] == payload["until"]
    assert server.client.get(f"/job/{waiting}").json()["status"] == "queued"
    (event,) = server.client.get("/api/v1/events", params={"plugin": "hookyard"}).json()["events"]
    assert (event["type"], event["payload"]) == ("breaker.opened", payload)
    assert "job_id" not in event
