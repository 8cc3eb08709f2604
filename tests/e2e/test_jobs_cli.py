"""The jobs of a real server from the command line, and their events over a restart of the server."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from tests.e2e.lab import PATIENCE, TOKEN, Server

from hookyard.client.follow import follow
from hookyard.client.http import Api


def hookyard(server: Server, *words: str, code: int = 0) -> str:
    """What `hookyard jobs ...` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", "jobs", *words, "--url", url(server)],
        check=False,
        env={"PATH": "", "HOOKYARD_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def url(server: Server) -> str:
    """Where it is."""
    return str(server.client.base_url).rstrip("/")


def started(server: Server) -> Server:
    """A server whose tester may change jobs."""
    server.config["tokens"][0]["scopes"] += ["jobs:*"]
    return server.start()


def ended(server: Server, command: str, payload: dict[str, Any]) -> str:
    """The id of a job that has ended."""
    return str(server.result(command, payload).json()["job_id"])


def test_jobs_are_listed_shown_and_run_again_from_the_command_line(server: Server) -> None:
    started(server)
    good, bad = ended(server, "double", {"n": 2}), ended(server, "refuse", {"n": 1})
    table = hookyard(server, "list").splitlines()
    assert table[0].split()[:3] == ["JOB", "ID", "STATUS"]
    assert [line.split()[0] for line in table[1:]] == [bad, good]
    assert "no: No." in table[1]
    [row] = hookyard(server, "list", "--status", "failed", "--json").splitlines()
    assert json.loads(row)["job_id"] == bad
    assert hookyard(server, "list", "--dead", "--json") == ""
    assert json.loads(hookyard(server, "show", good))["result"] == {"n": 4}
    assert "force" in hookyard(server, "retry", good, code=65)
    said = hookyard(server, "retry", good, "--force").split()
    assert said[:2] == [good, "is"]
    assert said[2:] in (["queued"], ["running"], ["succeeded"]), "it may run already when that is said"
    assert "succeeded" in hookyard(server, "follow", good)
    assert server.job(good)["attempt"] == 2
    assert "failed" in hookyard(server, "follow", bad, code=1)
    assert hookyard(server, "delete", bad) == f"{bad} is forgotten\n"
    assert "There is no such job." in hookyard(server, "show", bad, code=69)
    assert "is not a job id" in hookyard(server, "show", "x", code=64)


def test_a_job_that_waits_is_cancelled_and_one_that_runs_is_killed(server: Server, tmp_path: Path) -> None:
    started(server)
    waiting = server.client.post("/api/v1/jobs", json={"plugin": "lab", "command": "double", "delay": 3600}).json()
    job_id = waiting["job_id"]
    assert hookyard(server, "cancel", job_id) == f"{job_id} is cancelled\n"
    running = server.trigger("until", {"file": str(tmp_path / "a"), "until": str(tmp_path / "b")}).json()["job_id"]
    with Api(url(server), TOKEN) as api:
        assert [event.event for event in islice(follow(api, running), 2)] == ["queued", "started"]
        assert hookyard(server, "kill", running).startswith(f"{running} is cancelled")
        assert [event.event for event in follow(api, running)][-1] == "finished"


def test_a_reader_goes_on_behind_what_it_was_told_after_the_server_was_killed(server: Server, tmp_path: Path) -> None:
    started(server)
    mark, go = tmp_path / "attempts", tmp_path / "go"
    job_id = server.trigger("until", {"file": str(mark), "until": str(go)}).json()["job_id"]
    with Api(url(server), TOKEN) as api:
        first = list(islice(follow(api, job_id), 2))
    assert [event.event for event in first] == ["queued", "started"]
    server.kill()
    server.start()
    go.touch()
    with Api(url(server), TOKEN) as api:
        rest = list(follow(api, job_id, after=first[-1].id))
        assert [event.event for event in rest] == ["retry", "started", "finished"]
        assert rest[0].data["outcome"] == "lost"
        assert rest[-1].data["result"] == {"n": 2}
        assert list(follow(api, job_id, after=rest[-1].id)) == []
        whole = list(follow(api, job_id))
    assert [event.id for event in whole] == [event.id for event in (*first, *rest)]


def test_streams_end_when_the_server_shuts_down(server: Server) -> None:
    started(server)
    job = server.client.post("/api/v1/jobs", json={"plugin": "lab", "command": "double", "delay": 3600}).json()
    with server.client.stream("GET", f"/api/v1/jobs/{job['job_id']}/events") as answer:
        lines = answer.iter_lines()
        assert any(line.startswith("event: queued") for line in lines)
        assert server.stop() == 0
        assert "event: finished" not in list(lines)
