"""`/api/v1/schedules`: rules over HTTP, held against the commands that are there and against what the caller may."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hookyard.auth import digest
from hookyard.config import load_file
from hookyard.gateway.paging import JOBS
from hookyard.service import Service
from hookyard.testing import FakeClock
from hookyard.timetable import Rule

PLUGIN = '''
from msgspec import Struct
from hookyard import Context, Plugin

plugin = Plugin("hello")


class Greet(Struct):
    name: str
    times: int = 1


class Greeting(Struct):
    text: str


@plugin.command
async def greet(data: Greet, ctx: Context) -> Greeting:
    """Say hello."""
    return Greeting(text=data.name)


@plugin.command
async def other(data: Greet, ctx: Context) -> Greeting:
    """Say something else."""
    return Greeting(text=data.name)
'''
SCOPES = {
    "admin": ["admin"],
    "maker": ["schedules:*", "trigger:hello/greet"],
    "reader": ["schedules:read"],
    "nobody": ["jobs:read"],
}
ADMIN = "admin"
RULE: dict[str, Any] = {"run": "hello/greet", "with": {"name": "Ada"}, "every": 60}
BEGIN = 1_777_593_600_000  # 2026-05-01T00:00:00Z


class Api:
    """A whole service, called without a network."""

    def __init__(self, service: Service, clock: FakeClock, folder: Path) -> None:
        self.service, self.clock, self.folder = service, clock, folder
        app: Any = service.app  # httpx types what ASGI leaves to dictionaries
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def __call__(self, method: str, path: str, body: object = None, token: str = ADMIN) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await self._client.request(method, f"/api/v1{path}", content=content, headers=headers)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self("GET", "/jobs")).json()["jobs"]
        return found

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(30):
            while not await condition():  # noqa: ASYNC110  it asks over HTTP, as anybody would
                await asyncio.sleep(0)


@asynccontextmanager
async def api(folder: Path, schedules: object = None) -> AsyncGenerator[Api]:
    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755, exist_ok=True)
    (plugins / "hello.py").write_text(PLUGIN)
    (plugins / "hello.py").chmod(0o644)
    tokens: list[dict[str, Any]] = [
        {"name": name, "sha256": digest(name), "scopes": scopes} for name, scopes in SCOPES.items()
    ]
    tokens.append(
        {"name": "acme", "sha256": digest("acme"), "scopes": ["schedules:*", "trigger:*/*"], "tenant": "acme"}
    )
    file = folder / "hookyard.yaml"
    file.write_text(json.dumps({"plugin_dirs": ["plugins"], "tokens": tokens, "schedules": schedules or {}}))
    clock = FakeClock(BEGIN)
    service = await Service.open(load_file(file), clock=clock)
    await service.start()
    called = Api(service, clock, folder)
    try:
        yield called
    finally:
        await called.aclose()
        await service.stop()


def on_api(folder: Path, work: Callable[[Api], Awaitable[None]], schedules: object = None) -> None:
    async def run() -> None:
        async with api(folder, schedules) as called:
            await work(called)

    asyncio.run(run())


def test_a_schedule_is_made_shown_changed_and_forgotten(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        made = await call("PUT", "/schedules/a", RULE, "maker")
        assert (made.status_code, made.headers["location"]) == (201, "/api/v1/schedules/a")
        shown = (await call("GET", "/schedules/a?next=2", None, "reader")).json()
        assert shown == {
            "name": "a",
            "origin": "http",
            "run": "hello/greet",
            "rule": {"run": "hello/greet", "with": {"name": "Ada"}, "every": "1m"},
            "enabled": True,
            "paused": False,
            "next": ["2026-05-01T00:01:00.000Z", "2026-05-01T00:02:00.000Z"],
            "due_at": "2026-05-01T00:01:00.000Z",
            "fired": 0,
            "created_at": "2026-05-01T00:00:00.000Z",
            "created_by": "token:maker",
        }
        replaced = await call("PUT", "/schedules/a", {**RULE, "every": "1h"}, "maker")
        assert (replaced.status_code, replaced.json()["next"][0]) == (200, "2026-05-01T01:00:00.000Z")
        changed = await call(
            "PATCH", "/schedules/a", {"every": None, "cron": "0 3 * * *", "with": {"times": 2}}, "maker"
        )
        assert changed.json()["rule"] == {
            "run": "hello/greet",
            "with": {"name": "Ada", "times": 2},
            "cron": "0 3 * * *",
        }
        assert (await call("DELETE", "/schedules/a", None, "maker")).status_code == 204
        assert (await call("GET", "/schedules/a")).status_code == 404
        actions = [entry["action"] for entry in (await call("GET", "/audit")).json()["entries"]]
        assert actions == ["schedule.delete", "schedule.put", "schedule.put", "schedule.put"]

    on_api(tmp_path, work)


def test_changes_at_once_are_all_kept_and_none_brings_back_what_is_deleted(tmp_path: Path) -> None:
    async def work(api: Api) -> None:
        changes = [{"every": 120}, {"with": {"times": 2}}, {"with": {"name": "Bo"}}, {"jitter": 5}]
        await api("PUT", "/schedules/nightly", RULE)
        answers = await asyncio.gather(*(api("PATCH", "/schedules/nightly", change) for change in changes))
        assert [answer.status_code for answer in answers] == [200] * 4
        rule = (await api("GET", "/schedules/nightly")).json()["rule"]
        assert rule == {"run": "hello/greet", "with": {"name": "Bo", "times": 2}, "every": "2m", "jitter": "5s"}
        first, gone, last = await asyncio.gather(
            api("PATCH", "/schedules/nightly", {"every": 60}),
            api("DELETE", "/schedules/nightly"),
            api("PATCH", "/schedules/nightly", {"every": 90}),
        )
        assert (first.status_code, gone.status_code, last.status_code) in {(404, 204, 404), (200, 204, 404)}
        assert (await api("GET", "/schedules/nightly")).status_code == 404

    on_api(tmp_path, work)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"every": None}, "$"),
        ({"cron": "* * * * *"}, "$.every"),
        ({"every": None, "cron": "0 0 30 2 *"}, "$.cron"),
        ({"every": "5 minutes"}, "$.every"),
        ({"every": 0.5}, "$.every"),
        ({"timezone": "Mars/Olympus"}, "$.timezone"),
        ({"start": "2026-05-01T00:00:00"}, "$.start"),
        ({"not_on": ["sun", "noday"]}, "$.not_on[1]"),
        ({"only_between": [{"from": "25:00", "until": "26:00"}]}, "$.only_between[0].from"),
        ({"with": {"name": 7}}, "$.with.name"),
        ({"with": {}}, "$.with"),
        ({"run": "hello/nothing"}, "$.run"),
        ({"catch_up": "some"}, "$.catch_up"),
        ({"often": True}, "$.often"),
        ({"every": None, "after": {"schedule": "z"}}, "$.after.schedule"),
        ({"every": None, "after": {}}, "$.after"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_nothing_is_kept(
    tmp_path: Path, change: dict[str, Any], path: str
) -> None:
    async def work(call: Api) -> None:
        body = {key: value for key, value in {**RULE, **change}.items() if value is not None}
        answer = await call("PUT", "/schedules/a", body)
        assert (answer.status_code, answer.json()["code"], answer.json()["path"]) == (400, "invalid_input", path)
        assert (await call("GET", "/schedules")).json() == {"schedules": [], "next": None}

    on_api(tmp_path, work)


def test_whoever_makes_one_may_run_its_command(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        other = {**RULE, "run": "hello/other"}
        for method, path, body, token in (
            ("PUT", "/schedules/b", other, "maker"),
            ("PUT", "/schedules/a", RULE, "reader"),
            ("GET", "/schedules", None, "nobody"),
            ("POST", "/schedules/preview", RULE, "nobody"),
            ("POST", "/schedules/a/run", None, "reader"),
        ):
            assert (await call(method, path, body, token)).status_code == 403, (method, path, token)
        assert (await call("PUT", "/schedules/b", other)).status_code == 201
        for method, path, body in (
            ("POST", "/schedules/b/run", None),
            ("POST", "/schedules/b/resume", None),
            ("PATCH", "/schedules/b", {"run": "hello/greet"}),
        ):
            assert (await call(method, path, body, "maker")).status_code == 403, path
        # Stopping something is not starting it.
        assert (await call("POST", "/schedules/b/pause", None, "maker")).status_code == 200

    on_api(tmp_path, work)


def test_a_tenant_sees_its_own_only(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        assert (await call("PUT", "/schedules/ours", RULE, "acme")).status_code == 201
        assert (await call("PUT", "/schedules/theirs", RULE)).status_code == 201
        listed = (await call("GET", "/schedules", None, "acme")).json()["schedules"]
        assert [one["name"] for one in listed] == ["ours"]
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/run")):
            assert (await call(method, f"/schedules/theirs{path}", None, "acme")).status_code == 404
        taken = await call("PUT", "/schedules/theirs", RULE, "acme")
        assert (taken.status_code, taken.json()["code"]) == (409, "exists")

    on_api(tmp_path, work)


def test_a_fire_time_makes_a_job_that_runs(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        await call("PUT", "/schedules/a", {**RULE, "with": {"name": "$fire_time"}})
        call.clock.advance(60_000)

        async def succeeded() -> bool:
            return [job["status"] for job in await call.jobs()] == ["succeeded"]

        await call.until(succeeded)
        (job,) = await call.jobs()
        assert job["tags"] == ["fire:2026-05-01T00:01:00.000Z"]
        shown = (await call("GET", "/schedules/a")).json()
        assert (shown["last_job_id"], shown["last_outcome"], shown["fired"]) == (job["job_id"], "queued", 1)

    on_api(tmp_path, work)


def test_one_of_the_configuration_can_be_paused_and_run_but_not_changed(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        for method, body in (("PUT", RULE), ("PATCH", {"every": 5}), ("DELETE", None)):
            answer = await call(method, "/schedules/own", body)
            assert (answer.status_code, answer.json()["code"]) == (409, "exists")
        paused = (await call("POST", "/schedules/own/pause")).json()
        assert (paused["paused"], paused["next"]) == (True, [])
        ran = await call("POST", "/schedules/own/run")
        assert ran.status_code == 202
        assert ran.headers["location"] == f"/api/v1/jobs/{ran.json()['job_id']}"
        resumed = (await call("POST", "/schedules/own/resume")).json()
        assert (resumed["paused"], resumed["next"]) == (False, ["2026-05-01T00:01:00.000Z"])

    on_api(tmp_path, work, {"own": {"run": "hello/greet", "with": {"name": "Ada"}, "every": "1m"}})


def test_a_reload_takes_up_schedules_and_refuses_those_that_do_not_fit(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        file = call.folder / "hookyard.yaml"
        config = json.loads(file.read_text())
        rule = {"run": "hello/greet", "with": {"name": "Ada"}, "every": "1m"}
        config["schedules"] = {"a": {**rule, "with": {"name": 7}}}
        file.write_text(json.dumps(config))
        refused = await call("POST", "/reload")
        assert refused.status_code == 422
        (problem,) = refused.json()["problems"]
        assert (problem["path"], problem["message"]) == ("schedules.a.with.name", "Expected `str`, got `int`")
        config["schedules"] = {"a": rule}
        file.write_text(json.dumps(config))
        assert (await call("POST", "/reload")).status_code == 200
        assert [one["name"] for one in (await call("GET", "/schedules")).json()["schedules"]] == ["a"]

    on_api(tmp_path, work)


def test_a_preview_keeps_nothing(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        rule = {"run": "hello/greet", "cron": "30 2 * * *", "timezone": "America/New_York"}
        answer = await call("POST", "/schedules/preview?next=2&since=2026-03-07T12:00:00Z", rule, "reader")
        assert answer.json()["next"] == ["2026-03-08T07:00:00.000Z", "2026-03-09T06:30:00.000Z"]
        assert (await call("GET", "/schedules")).json()["schedules"] == []
        assert (await call("POST", "/schedules/preview?since=noon", rule)).status_code == 400

    on_api(tmp_path, work)


def test_fire_times_are_worked_out_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_loop: list[object] = []
    after = Rule.after

    def watched(rule: Rule, at: int) -> int | None:
        if threading.current_thread() is threading.main_thread() and asyncing:
            on_the_loop.append(rule.calendar)
        return after(rule, at)

    monkeypatch.setattr(Rule, "after", watched)
    asyncing = False

    async def work(call: Api) -> None:
        nonlocal asyncing
        rare = {**RULE, "cron": "0 0 29 2 1#5", "not_on": ["02-29"]}
        del rare["every"]
        once = {**rare, "not_on": ["mon"]}
        asyncing = True
        assert (await call("PUT", "/schedules/a", once)).status_code == 201
        assert (await call("PATCH", "/schedules/a", {"priority": 1})).status_code == 200
        for change in ("pause", "resume"):
            assert (await call("POST", f"/schedules/a/{change}")).status_code == 200
        assert (await call("POST", "/schedules/preview", rare)).json()["path"] == "$.cron"
        assert (await call("POST", "/schedules/preview?next=9", once)).json()["next"][0][:10] == "2028-02-29"
        assert (await call("PUT", "/schedules/b", rare)).status_code == 400
        assert len((await call("GET", "/schedules?next=9")).json()["schedules"][0]["next"]) == 9
        assert len((await call("GET", "/schedules/a?next=9")).json()["next"]) == 9
        asyncing = False

    on_api(tmp_path, work)
    assert on_the_loop == []


def test_pages_go_on_after_a_name(tmp_path: Path) -> None:
    async def work(call: Api) -> None:
        for name in "cab":
            await call("PUT", f"/schedules/{name}", RULE)
        first = (await call("GET", "/schedules?limit=2")).json()
        rest = (await call("GET", f"/schedules?limit=2&cursor={first['next']}")).json()
        assert [one["name"] for page in (first, rest) for one in page["schedules"]] == ["a", "b", "c"]
        assert rest["next"] is None
        for other in ("b", JOBS.after("019de0d5-c800-7000-bf01-946b94460cf0"), "s", "s%00"):
            assert (await call("GET", f"/schedules?cursor={other}")).status_code == 400

    on_api(tmp_path, work)
