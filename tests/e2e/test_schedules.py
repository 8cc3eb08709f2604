"""A schedule's fire time makes one job, through kill after kill."""

import asyncio
import json
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.e2e.lab import TOKEN, Server, listen_to

from hookyard.store.contract import DeliveryQuery, JobQuery
from hookyard.store.sqlite import SqliteStore

KILLS = 5
SECONDLY = {"run": "lab/double", "every": "1s", "catch_up": "all", "catch_up_max": 1000, "if_running": "queue"}


def fire_times(server: Server, name: str) -> list[datetime]:
    """Of all jobs of a schedule, in the order in which they were made."""
    found: list[datetime] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"principal": f"schedule:{name}", "limit": 200}
        page = server.client.get("/api/v1/jobs", params=query | ({"cursor": cursor} if cursor else {})).json()
        for job in page["jobs"]:
            (tag,) = job["tags"]
            found.append(datetime.fromisoformat(tag.removeprefix("fire:")))
        cursor = page["next"]
        if cursor is None:
            return found[::-1]


@pytest.mark.timeout(600)
def test_no_fire_time_is_acted_on_twice_and_none_is_lost_through_kill_after_kill(server: Server) -> None:
    names = [f"s{number}" for number in range(6)]
    server.config["schedules"] = dict.fromkeys(names, SECONDLY)
    for number in range(KILLS):
        server.start()
        # The kill comes while the others are being acted on, at the same second.
        server.wait_for("schedule.fired", schedule=names[number % len(names)])
        server.kill()
    server.start()
    for name in names:
        server.wait_for("schedule.fired", schedule=name)
        times = fire_times(server, name)
        assert len(times) > KILLS / 2
        steps = {later - earlier for earlier, later in pairwise(times)}
        assert steps == {timedelta(seconds=1)}, name


@pytest.mark.timeout(600)
def test_every_job_of_a_schedule_is_told_of_through_kill_after_kill(server: Server) -> None:
    listen_to(server, "http://127.0.0.1:9/")
    server.config["endpoints"]["receiver"] |= {"events": ["schedule.fired"], "breaker": "off"}
    names = [f"s{number}" for number in range(20)]
    server.config["schedules"] = dict.fromkeys(names, SECONDLY)
    for number in range(KILLS):
        server.start()
        server.wait_for("schedule.fired", schedule=names[number])
        server.kill()
        jobs, told = asyncio.run(kept(server))
        assert len(told) >= number + 1
        assert told == jobs, "as many were told of as were made, whenever it was killed"


async def kept(server: Server) -> tuple[set[str], set[str]]:
    """The jobs that schedules made, and those that deliveries tell of, in the file."""
    store = await SqliteStore.open(server.folder / "hookyard.db", synchronous="full")
    try:
        jobs = (await store.jobs(JobQuery(limit=10_000))).jobs
        rows = (await store.find_deliveries(DeliveryQuery(endpoint="receiver", limit=10_000))).deliveries
        whole = [await store.delivery(row.id) for row in rows]
        bodies = [json.loads(each.body) for each in whole if each is not None]
        return {job.id for job in jobs}, {body["data"]["payload"]["job_id"] for body in bodies}
    finally:
        await store.aclose()
        store.close()


def test_wrong_schedules_do_not_serve_and_are_named_with_their_place(server: Server) -> None:
    server.config["schedules"] = {"a": {**SECONDLY, "with": {"n": "one"}}, "b": {"run": "lab/nothing", "every": "1h"}}
    (server.folder / "config.yaml").write_text(json.dumps(server.config))
    for command in ("check", "serve"):
        ended = subprocess.run(
            [sys.executable, "-m", "hookyard", command, "config.yaml"],
            cwd=server.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 78
        assert "schedules.a.with.n: Expected `int`, got `str`" in ended.stderr
        assert "schedules.b.run: there is no command 'lab/nothing'" in ended.stderr


def test_the_command_line_lists_pauses_resumes_and_runs(server: Server) -> None:
    server.config["schedules"] = {"a": {**SECONDLY, "every": "1d"}}
    server.config["tokens"][0]["scopes"] = ["admin"]
    server.start()

    def call(*words: str) -> str:
        url = str(server.client.base_url)
        ended = subprocess.run(
            [sys.executable, "-m", "hookyard", "schedules", *words, "--url", url],
            cwd=server.folder,
            env={"HOOKYARD_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return ended.stdout

    assert [line.split()[:3] for line in call("list").splitlines()[1:]] == [["a", "lab/double", "on"]]
    assert call("pause", "a") == "a is paused\n"
    assert [line.split()[:4] for line in call("list").splitlines()[1:]] == [["a", "lab/double", "paused", "-"]]
    assert server.job(call("run", "a").strip())["command"] == "double"
    assert call("resume", "a").startswith("a goes on; next: ")
