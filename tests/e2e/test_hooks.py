"""Hooks in a real server: a plugin that knows callers, middlewares around every isolation, observers that hang."""

import json
import shutil
import time
from pathlib import Path
from statistics import median

import httpx
import pytest
from tests.e2e.lab import PATIENCE, Receiver, Server, listen_to

GUARD = '''
"""Knows callers by a header, and keeps everybody from one command."""

from hookyard import AccessQuestion, Credentials, HealthReport, HookContext, Identity, Plugin

plugin = Plugin("guard")


@plugin.hook
async def authenticate(request: Credentials, ctx: HookContext) -> Identity | None:
    name = request.headers.get("x-employee")
    return Identity(name=name, scopes=("trigger:lab/*",)) if name else None


@plugin.hook
def authorize(question: AccessQuestion) -> bool | None:
    return False if question.command == "refuse" else None


@plugin.hook
def health() -> HealthReport:
    return HealthReport(status="ok", message="On watch.")
'''

WATCHER = '''
"""Watches how commands run."""

from hookyard import DeliveryFinished, EventEmitted, HookContext, JobFinished, JobInfo, JobStarted, Plugin, Proceed

plugin = Plugin("watcher")


@plugin.hook
async def run_middleware(job: JobInfo, proceed: Proceed, ctx: HookContext) -> None:
    ran = await proceed()
    ctx.log.info("watcher.ran", command=f"{job.plugin}/{job.command}", ok=ran.ok, why=ran.error)


@plugin.hook
def job_started(event: JobStarted, ctx: HookContext) -> None:
    ctx.log.info("watcher.started", job_id=event.job_id, attempt=event.attempt)


@plugin.hook
async def job_finished(event: JobFinished, ctx: HookContext) -> None:
    ctx.log.info("watcher.finished", job_id=event.job_id, status=event.status)


@plugin.hook
def event_emitted(event: EventEmitted, ctx: HookContext) -> None:
    ctx.log.info("watcher.emitted", type=event.type, plugin_of=event.plugin, payload=event.payload.decode())


@plugin.hook
async def delivery_finished(event: DeliveryFinished, ctx: HookContext) -> None:
    ctx.log.info("watcher.delivered", job_id=event.job_id, status=event.status, endpoint=event.endpoint)
'''

HANGING = '''
"""Never comes back, whatever it is told."""

import asyncio
import threading

from hookyard import HookContext, JobFinished, JobInfo, JobStarted, Plugin, ProceedSync

plugin = Plugin("hanging")


@plugin.hook
def job_started(event: JobStarted) -> None:
    threading.Event().wait()


@plugin.hook
async def job_finished(event: JobFinished) -> None:
    await asyncio.Event().wait()


@plugin.hook
def run_middleware(job: JobInfo, proceed: ProceedSync) -> None:
    proceed()
    threading.Event().wait()
'''

APART = """
from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("apart")


class Number(Struct):
    n: int = 0


@plugin.command
async def double(data: Number, ctx: Context) -> Number:
    ctx.emit("number.doubled", data)
    return Number(data.n * 2)
"""

OUTPUT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
DUCTILE = Path(__file__).parents[1] / "unit" / "runners" / "ductile_plugins" / "greet"

TOOL = """#!/bin/sh
cat > /dev/null
echo '{"kind": "result", "output": {"text": "done"}}'
"""


def add(server: Server, name: str, source: str) -> Path:
    path = server.folder / "plugins" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    return path


def test_a_caller_that_only_a_plugin_knows_runs_what_no_plugin_forbids(server: Server) -> None:
    add(server, "guard.py", GUARD)
    server.start()
    with httpx.Client(base_url=server.client.base_url, trust_env=False, timeout=PATIENCE) as client:
        employee = {"x-employee": "ada", "prefer": "wait=20"}
        answer = client.post("/trigger/lab/double", json={"payload": {"n": 21}}, headers=employee)
        assert answer.status_code == 200, answer.text
        assert answer.json()["result"] == {"n": 42}
        assert client.get(f"/job/{answer.json()['job_id']}", headers=employee).status_code == 200
        assert client.post("/trigger/lab/double", json={}).status_code == 401
        assert client.post("/trigger/lab/refuse", json={}, headers=employee).json()["code"] == "forbidden"
    assert server.trigger("refuse", {}).status_code == 403
    assert server.job(answer.json()["job_id"])["principal"] == "plugin:guard/ada"
    [guard] = server.client.get("/api/v1/health").json()["plugins"]
    assert (guard["plugin"], guard["message"]) == ("guard", "On watch.")
    assert server.stop() == 0


def test_every_isolation_runs_within_the_middlewares_and_every_fact_is_told(server: Server, receiver: Receiver) -> None:
    listen_to(server, receiver.url)
    add(server, "watcher.py", WATCHER)
    add(server, "apart.py", APART)
    server.config["plugins"] = {"apart": {"isolation": "worker"}}
    add(server, "tool", TOOL).chmod(0o700)
    manifest = {"name": "tool", "api": 1, "commands": [{"name": "go", "output": OUTPUT}]}
    add(server, "tool.plugin.yaml", json.dumps(manifest))
    shutil.copytree(DUCTILE, server.folder / "plugins" / "greet")
    server.start()
    done = server.result("double", {"n": 1}).json()
    assert server.result("stuck", {}).json()["status"] == "timed_out"
    for command in ("apart/double", "tool/go", "greet/greet-loudly"):
        payload = {"name": "Ada"} if command.startswith("greet") else {}
        answer = server.client.post(f"/trigger/{command}", json={"payload": payload}, headers={"prefer": "wait=20"})
        assert answer.json()["status"] == "succeeded", answer.text
        server.wait_for("watcher.ran", command=command, ok=True)
    server.wait_for("watcher.ran", command="lab/double", ok=True)
    assert server.wait_for("watcher.ran", command="lab/stuck", ok=False)["why"] == "AttemptTimedOut"
    server.wait_for("watcher.emitted", type="number.doubled", plugin_of="apart", payload='{"n":0}')
    server.wait_for("watcher.started", job_id=done["job_id"], attempt=1)
    server.wait_for("watcher.finished", job_id=done["job_id"], status="succeeded")
    server.wait_for("watcher.delivered", job_id=done["job_id"], status="delivered", endpoint="receiver")


def test_hooks_that_hang_delay_no_job(server: Server) -> None:
    add(server, "hanging.py", HANGING)
    server.start()
    answers: list[httpx.Response] = []
    took: list[float] = []
    for number in range(100):
        begun = time.monotonic()
        answers.append(server.result("double", {"n": number}))
        took.append(time.monotonic() - begun)
    assert max(took) < 8  # a hook may take ten seconds
    assert median(took[:16]) < 0.5  # before so many have never come back that it is left out
    assert [answer.json().get("result") for answer in answers] == [{"n": 2 * number} for number in range(100)]
    assert server.wait_for("hook.failed", plugin="hanging", hook="run_middleware")["why"]


def test_the_trace_prints_every_call_without_what_was_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_TRACE_HOOKS", "1")
    add(server, "guard.py", GUARD)
    server.start()
    assert server.client.get("/api/v1/jobs", headers={"authorization": "Bearer swordfish"}).status_code == 401
    assert server.result("double", {}).status_code == 200
    line = server.wait_for("hook.called", plugin="guard", hook="authenticate", outcome="ok")
    assert line["ms"] >= 0
    server.wait_for("hook.called", plugin="guard", hook="authorize", outcome="ok")
    assert server.stop() == 0
    assert "swordfish" not in json.dumps(server.log)
