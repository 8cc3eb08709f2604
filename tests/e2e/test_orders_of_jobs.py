"""Chains, jobs that wait for others, and jobs that are killed: of a real server, through kill -9."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.lab import PATIENCE, Server

KILLS = 5
ACTIVE = {"queued", "running"}
STUBBORN = """
import os
import signal
import time
from pathlib import Path

from msgspec import Struct

from hookyard import Plugin, SyncContext

plugin = Plugin("heavy")
signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Mark(Struct):
    file: str


@plugin.command(timeout=600)
def cling(data: Mark, ctx: SyncContext) -> None:
    Path(data.file + ".part").write_text(str(os.getpid()))
    Path(data.file + ".part").rename(data.file)
    while True:
        time.sleep(60)
"""
PROGRAM = f"""#!/bin/bash
case "$1" in
describe) echo '{json.dumps({"name": "prog", "api": 1, "commands": [{"name": "cling", "timeout": 600}]})}' ;;
call)
    trap '' TERM
    file=$(cat | grep -o '"file":"[^"]*"' | cut -d'"' -f4)
    echo $$ >"$file.part" && mv "$file.part" "$file"
    while :; do sleep 60; done ;;
esac
"""


def allow(server: Server, *scopes: str) -> None:
    server.config["tokens"][0]["scopes"] += scopes


def jobs(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = server.client.get(f"/api/v1/jobs?limit=200{cursor}").json()
        found += page["jobs"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def settled(server: Server) -> list[dict[str, Any]]:
    """All jobs once none of them is active."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        found = jobs(server)
        if not any(job["status"] in ACTIVE for job in found):
            return found
        time.sleep(0.1)
    raise AssertionError("some jobs did not end")


class Load:
    """Calls that are each followed by another job and waited for by a third; `ledger` is what was acknowledged."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.firsts: list[str] = []
        self.waiting: dict[str, str] = {}
        self.enough = threading.Event()

    def run(self, more: int) -> None:
        """Until so many more were acknowledged, or the server is gone."""
        goal = len(self.firsts) + more
        headers = self._server.client.headers
        url = self._server.client.base_url
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE) as client:
            while True:
                try:
                    follow = {"payload": {"n": 1}, "on_success": [{"run": "lab/double"}]}
                    first = client.post("/trigger/lab/double", json=follow)
                    if first.status_code == 202:
                        self.firsts.append(first.json()["job_id"])
                        after = {"payload": {"n": 2}, "after": [self.firsts[-1]]}
                        second = client.post("/trigger/lab/double", json=after)
                        if second.status_code == 202:
                            self.waiting[second.json()["job_id"]] = self.firsts[-1]
                except httpx.TransportError:
                    return  # the server was killed; what it did not acknowledge it owes nobody
                if len(self.firsts) >= goal:
                    self.enough.set()


@pytest.mark.timeout(600)
def test_every_success_has_its_one_follower_and_who_waits_runs_after_it_through_kill_after_kill(
    server: Server,
) -> None:
    load = Load(server)
    for number in range(KILLS):
        server.start()
        load.enough.clear()  # here: the thread may begin after this one looks
        thread = threading.Thread(target=load.run, args=(8 + 6 * number,))
        thread.start()
        assert load.enough.wait(PATIENCE)
        server.kill()
        thread.join(PATIENCE)
    server.start()
    found = {job["job_id"]: job for job in settled(server)}
    followers: dict[str, int] = {}
    for job in found.values():
        if "parent" in job:
            followers[job["parent"]] = followers.get(job["parent"], 0) + 1
    for job_id in load.firsts:
        assert followers.get(job_id, 0) == (found[job_id]["status"] == "succeeded")
    for job_id, first in load.waiting.items():
        job, other = found[job_id], found[first]
        if job["status"] == "succeeded":
            assert other["status"] == "succeeded"
        else:  # lost in four attempts in a row, or waiting for one that was
            assert job["reason"] in {"worker_lost", "dependency_failed"}
    assert len(load.firsts) > KILLS * 8


@pytest.mark.parametrize("plugin", ["heavy", "prog"])
def test_a_killed_process_is_gone_at_once_whatever_it_ignores(server: Server, tmp_path: Path, plugin: str) -> None:
    (server.folder / "plugins" / "heavy.py").write_text(STUBBORN)
    (server.folder / "plugins" / "prog").write_text(PROGRAM)
    (server.folder / "plugins" / "prog").chmod(0o755)
    server.config["plugins"] = {"heavy": {"isolation": "worker", "grace": "60s"}, "prog": {"grace": "60s"}}
    allow(server, "jobs:write")
    server.start()
    file = tmp_path / "pid"
    answer = server.client.post(f"/trigger/{plugin}/cling", json={"payload": {"file": str(file)}})
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job_id"]
    waited(file.exists)
    pid = int(file.read_text())
    killed = server.client.post(f"/api/v1/jobs/{job_id}/kill")
    assert killed.status_code == 200, killed.text
    job = server.job(job_id)
    assert (job["status"], job["reason"]) == ("cancelled", "killed")
    waited(lambda: not alive(pid))
    assert server.result("double", {"n": 4}).json()["result"] == {"n": 8}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def waited(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
