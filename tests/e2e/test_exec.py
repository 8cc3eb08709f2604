"""An exec plugin, served: described at start, triggered, watched, ended, and bad without harm to others."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.lab import Server

LOOKER = "hky_only_looks"
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "times": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["text"],
    "additionalProperties": False,
}
MANIFEST = {
    "name": "speaker",
    "api": 1,
    "version": "2.1",
    "config": {"type": "object", "properties": {"greeting": {"type": "string", "default": "Hello"}}},
    "secrets": ["token"],
    "state": True,
    "commands": [
        {"name": "say", "description": "Say it.", "input": SCHEMA, "output": {"type": "string"}, "read_only": True},
        {"name": "sleep", "timeout": 0.3, "retry": {"attempts": 1}},
        {"name": "crash", "retry": {"attempts": 1}},
    ],
}
SCRIPT = f"""#!/bin/bash
tell() {{ printf '%s\\n' "$1"; }}
case "$1 $2" in
"describe ")
    cat <<'END'
{json.dumps(MANIFEST)}
END
    ;;
"call say")
    request=$(cat)
    seen=$(grep -o '"seen":[0-9]*' <<<"$request" | tr -dc 0-9)
    token=$(grep -o '"token":"[^"]*"' <<<"$request" | cut -d'"' -f4)
    tell '{{"kind":"log","message":"asked","values":{{"secret":"'"$token"'"}}}}'
    tell '{{"kind":"progress","done":1,"total":1}}'
    tell '{{"kind":"event","type":"speaker.said","payload":{{"n":1}}}}'
    tell '{{"kind":"artifact","name":"said.txt","media_type":"text/plain","text":"words"}}'
    tell '{{"kind":"state","key":"seen","value":'"$((seen + 1))"'}}'
    greeting=$(grep -o '"greeting":"[^"]*"' <<<"$request" | cut -d'"' -f4)
    echo to the log >&2
    tell '{{"kind":"result","output":"'"$greeting $((seen + 1))"'"}}'
    ;;
"call sleep") tell '{{"kind":"progress","done":0}}'; exec sleep 60 ;;
"call crash") kill -SEGV $$ ;;
esac
"""


@pytest.fixture
def serving(server: Server, tmp_path: Path) -> Server:
    folder = tmp_path / "executables"
    folder.mkdir()
    (folder / "speaker").write_text(SCRIPT, "utf-8")
    (folder / "speaker").chmod(0o755)
    server.config["plugin_dirs"] = [str(folder)]
    server.config["plugins"] = {"speaker": {"secrets": {"token": "s3cret-of-theirs"}, "grace": "200ms"}}
    looker = {"name": "looker", "sha256": hashlib.sha256(LOOKER.encode()).hexdigest(), "scopes": ["trigger:ro"]}
    server.config["tokens"].append(looker)
    server.config["sources"] = {}
    return server.start()


def run(server: Server, key: str, payload: object, token: str | None = None) -> httpx.Response:
    headers = {"prefer": "wait=20"} | ({} if token is None else {"authorization": f"Bearer {token}"})
    return server.client.post(f"/trigger/{key}", json={"payload": payload}, headers=headers)


def test_it_is_listed_and_its_input_is_checked_before_anything_runs(serving: Server) -> None:
    listed: list[dict[str, Any]] = serving.client.get("/api/v1/plugins").json()["plugins"]
    (found,) = [one for one in listed if one["name"] == "speaker"]
    assert (found["state"], found["version"], found["kind"]) == ("active", "2.1", "exec")
    refused = run(serving, "speaker/say", {"text": "x", "times": 10})
    assert (refused.status_code, refused.json()["path"]) == (400, "$.payload.times")
    assert run(serving, "speaker/say", {"text": "x"}, LOOKER).status_code == 200
    assert run(serving, "speaker/crash", {}, LOOKER).status_code == 403


def test_what_it_says_can_be_read_and_its_state_is_kept(serving: Server) -> None:
    first = run(serving, "speaker/say", {"text": "x"}).json()
    assert (first["status"], first["result"]) == ("succeeded", "Hello 1")
    assert run(serving, "speaker/say", {"text": "x"}).json()["result"] == "Hello 2"
    job = f"/api/v1/jobs/{first['job_id']}"
    lines = serving.client.get(f"{job}/log").json()["lines"]
    assert {line["event"] for line in lines} == {"asked", "stderr"}
    assert "s3cret" not in json.dumps(lines)
    events = serving.client.get("/api/v1/events", params={"job_id": first["job_id"]}).json()["events"]
    assert [(event["type"], event["payload"]) for event in events] == [("speaker.said", {"n": 1})]
    assert serving.client.get(f"{job}/artifacts/said.txt").text == "words"


def test_a_crash_is_told_and_costs_nobody_else_anything(serving: Server) -> None:
    crashed = run(serving, "speaker/crash", {}).json()
    job = serving.job(crashed["job_id"])
    assert job["status"] == "failed"
    assert job["error"]["message"] == "speaker/crash: SIGSEGV ended it"
    assert job["error"]["code"] == "killed"
    assert run(serving, "speaker/say", {"text": "x"}).json()["status"] == "succeeded"


def test_one_that_does_not_end_is_ended(serving: Server) -> None:
    ended = run(serving, "speaker/sleep", {}).json()
    job = serving.job(ended["job_id"])
    assert (job["status"], job["reason"]) == ("timed_out", "deadline")
    assert job["error"]["message"] == "speaker/sleep took longer than 0.3 s"
