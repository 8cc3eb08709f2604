"""A plugin in workers, served: described without being imported, triggered, watched, killed without harm to others."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.lab import Server

TEXT = '''
import os
import time
from msgspec import Struct
from hookyard import Context, Plugin, SyncContext

plugin = Plugin("heavy", secrets=("token",), version="3")


class In(Struct):
    text: str = "x"


class Out(Struct):
    text: str
    pid: int


@plugin.command
async def say(data: In, ctx: Context) -> Out:
    """Say it."""
    print("printed " + await ctx.secrets.get("token"))
    ctx.log.info("said", text=data.text)
    ctx.progress(1, 2)
    ctx.emit("heavy.said", data)
    await ctx.state.put("last", data.text)
    await ctx.artifacts.put("said.txt", "text/plain", data.text)
    return Out(data.text, os.getpid())


@plugin.command(timeout=2)
def late(data: In, ctx: SyncContext) -> Out:
    """Answer as if nothing was, after the deadline."""
    while not ctx.cancelled:
        time.sleep(0.005)
    return Out("late", os.getpid())


@plugin.command
def crash(data: In, ctx: SyncContext) -> Out:
    os.abort()
'''

PATIENT = """
from hookyard import Plugin
from hookyard.runners.worker import ending

ending.COOPERATE = 30.0  # imported by the server itself, which then ends no process that is slow to stop
plugin = Plugin("patient")
"""


@pytest.fixture
def serving(server: Server, tmp_path: Path) -> Server:
    folder = tmp_path / "heavy"
    folder.mkdir()
    (folder / "heavy.py").write_text(TEXT, "utf-8")
    (folder / "patient.py").write_text(PATIENT, "utf-8")
    server.config["plugin_dirs"] = [str(folder)]
    server.config["plugins"] = {"heavy": {"isolation": "worker", "secrets": {"token": "s3cret-of-theirs"}}}
    server.config["sources"] = {}
    return server.start()


def run(server: Server, key: str, **options: object) -> httpx.Response:
    return server.client.post(
        f"/trigger/{key}", json={"payload": {"text": "hello"}, **options}, headers={"prefer": "wait=20"}
    )


def test_a_worker_command_does_all_that_another_one_does(serving: Server) -> None:
    answer = run(serving, "heavy/say").json()
    assert (answer["status"], answer["result"]["text"]) == ("succeeded", "hello")
    job = f"/api/v1/jobs/{answer['job_id']}"
    lines: list[dict[str, Any]] = serving.client.get(f"{job}/log").json()["lines"]
    assert {line["event"] for line in lines} == {"stdout", "said"}
    assert "s3cret-of-theirs" not in str(lines)
    assert serving.client.get(job).json()["progress"]["done"] == 1
    assert serving.client.get(f"{job}/artifacts/said.txt").text == "hello"
    wrong = serving.client.post("/trigger/heavy/say", json={"payload": {"text": 3}})
    assert (wrong.status_code, wrong.json()["path"]) == (400, "$.payload.text")


def test_a_process_that_dies_fails_its_attempt_and_the_next_job_gets_another(serving: Server) -> None:
    first = run(serving, "heavy/say").json()["result"]["pid"]
    crashed = run(serving, "heavy/crash", max_attempts=1).json()
    assert crashed["status"] == "failed"
    error = serving.client.get(f"/api/v1/jobs/{crashed['job_id']}").json()["error"]
    assert "heavy/crash: its worker process was ended by SIGABRT" in error["message"]
    second = run(serving, "heavy/say").json()["result"]["pid"]
    assert second != first
    os.kill(second, signal.SIGKILL)
    assert run(serving, "heavy/say").json()["status"] == "succeeded"


def test_an_answer_after_the_deadline_is_dropped_and_the_process_goes_on(serving: Server) -> None:
    before = run(serving, "heavy/say").json()["result"]["pid"]
    late = run(serving, "heavy/late", max_attempts=1).json()
    assert late["status"] == "timed_out"
    assert "result" not in late
    assert run(serving, "heavy/say").json()["result"] == {"text": "hello", "pid": before}


CIRCLE = """
import asyncio
from msgspec import Struct
from hookyard import CallError, Context, Plugin, Retry

plugin = Plugin("circle")


class Text(Struct):
    text: str = ""


@plugin.command(timeout=20)
async def child(data: Text, ctx: Context) -> Text:
    await asyncio.sleep(0.05)
    return Text("answered")


@plugin.command(timeout=20)
async def caught(data: Text, ctx: Context) -> Text:
    try:
        return await ctx.call("circle/child", data, type=Text)
    except CallError as error:
        return Text(f"{error.code} {error.retryable}: {error}")


@plugin.command(timeout=20, retry=Retry(attempts=10, base=0.05))
async def caller(data: Text, ctx: Context) -> Text:
    return await ctx.call("circle/child", data, type=Text)


@plugin.command(timeout=20, retry=Retry(attempts=10, base=0.05))
async def chain(data: Text, ctx: Context) -> Text:
    return await ctx.call("circle/caller", data, type=Text)
"""


def circle(server: Server, tmp_path: Path, workers: int) -> Server:
    folder = tmp_path / "circle"
    folder.mkdir()
    (folder / "circle.py").write_text(CIRCLE, "utf-8")
    server.config["plugin_dirs"] = [str(folder)]
    server.config["plugins"] = {"circle": {"isolation": "worker", "workers": workers}}
    server.config["sources"] = {}
    return server.start()


def test_a_call_that_no_process_is_left_for_is_refused_and_says_what_to_do(server: Server, tmp_path: Path) -> None:
    served = circle(server, tmp_path, 1)
    text = run(served, "circle/caught").json()["result"]["text"]
    assert text == (
        "no_worker_left False: circle/child: no worker is left for it: its one process waits for a command that "
        "it has called; raise plugins.circle.workers"
    )
    uncaught = run(served, "circle/caller").json()
    job = served.client.get(f"/api/v1/jobs/{uncaught['job_id']}").json()
    assert (job["status"], job["attempt"]) == ("failed", 1)
    assert run(served, "circle/child").json()["result"]["text"] == "answered"


def test_callers_that_hold_every_process_give_way_to_each_other(server: Server, tmp_path: Path) -> None:
    served = circle(server, tmp_path, 2)
    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(run, served, "circle/caller") for _ in range(6)]
        answers = [each.result().json() for each in asked]
    assert [(answer["status"], answer.get("result")) for answer in answers] == [("succeeded", {"text": "answered"})] * 6


def test_a_chain_longer_than_there_are_processes_is_refused_where_it_ends(server: Server, tmp_path: Path) -> None:
    served = circle(server, tmp_path, 2)
    answer = run(served, "circle/chain").json()
    assert answer["status"] == "failed"
    assert "raise plugins.circle.workers" in answer["error"]["message"]
    jobs = served.client.get("/api/v1/jobs").json()["jobs"]
    ended = {job["command"]: (job["status"], job["attempt"], job["reason"]) for job in jobs}
    assert len(jobs) == 3
    assert ended == dict.fromkeys(("chain", "caller", "child"), ("failed", 1, "not_retryable"))
