"""The catalogue does not lie: a whole service, in which everything happens, tells an endpoint what its schemas say."""

import asyncio
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.gateway.endpoints.hall import Hall, in_hall

from hookyard.outbound.events import BY_NAME, EVENT_TYPES, schema
from hookyard.testing.receiver import Received, Receiver

MINUTE, HOUR = 60_000, 3_600_000
PLUGIN = '''
"""What can happen to a job."""

import asyncio

from msgspec import Struct

from hookyard import Breaker, CommandError, Context, Plugin, Retry


class Data(Struct):
    fail: bool = False


class Said(Struct):
    """Something was said."""

    text: str


plugin = Plugin("acts", events={"acts.said": Said})
ONCE = Retry(attempts=1)


@plugin.command(retry=ONCE, breaker=Breaker(failures=1, cooldown=30))
async def tell(data: Data, ctx: Context) -> Data:
    """Tell all there is to tell, or fail."""
    ctx.progress(1, 2, "half")
    if data.fail:
        raise CommandError("No.", code="no", details={"why": "asked to"})
    ctx.emit("acts.said", Said("hello"))
    return data


@plugin.command(retry=ONCE, timeout=0.05)
async def slow(data: Data, ctx: Context) -> Data:
    """Take too long."""
    await asyncio.sleep(60)
    return data


@plugin.command
async def hold(data: Data, ctx: Context) -> Data:
    """Wait until it is cancelled."""
    await asyncio.sleep(3600)
    return data


@plugin.command(concurrency=1)
async def crowd(data: Data, ctx: Context) -> Data:
    """Do so one at a time."""
    await asyncio.sleep(3600)
    return data
'''


def strict(part: Any) -> Any:  # noqa: ANN401  any piece of JSON
    """A schema that lets nothing through that it does not name."""
    if isinstance(part, list):
        return [strict(each) for each in part]  # pyright: ignore[reportUnknownVariableType]  pieces of JSON
    if not isinstance(part, dict):
        return part
    found: dict[str, Any] = {name: strict(each) for name, each in part.items()}  # pyright: ignore[reportUnknownVariableType]
    return {**found, "additionalProperties": False} if "properties" in found and "type" in found else found


class Story:
    """Everything happens, and an endpoint called `ear` hears of it."""

    def __init__(self, call: Hall) -> None:
        self.call = call
        self.well = False

    async def answer(self, receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
        """The ear is always well, all others only from some time on."""
        status = b"200 OK" if "/hook" in request.line or self.well else b"503 No"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.call.receiver.requests if "/hook" in each.line]

    async def hears(self, *types: str, times: int = 1) -> None:
        """Wait until it has heard so much."""

        async def there() -> bool:
            await asyncio.sleep(0)
            told = [body["type"] for body in self.heard()]
            return all(told.count(each) >= times for each in types)

        try:
            await self.call.until(there)
        except TimeoutError:
            pytest.fail(f"{types} is not among {sorted({body['type'] for body in self.heard()})}")

    async def do(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  an answer's JSON
        answer = await self.call(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def job(self, command: str, **more: object) -> str:
        body = {"plugin": "acts", "command": command, **more}
        return str((await self.do("POST", "/jobs", body))["job_id"])

    def sick(self, **more: object) -> dict[str, Any]:
        """An endpoint that is not well."""
        url = self.call.receiver.url().replace("/hook", "/sick")
        return {"url": url, "events": ["acts.said"], **more}

    async def jobs(self) -> None:
        await self.job("tell")
        await self.hears("job.queued", "job.started", "job.progress", "acts.said", "job.succeeded")
        await self.job("slow")
        await self.do("POST", f"/jobs/{await self.job('hold', delay=3600)}/cancel")
        await self.hears("job.timed_out", "job.cancelled")

    async def breakers(self) -> None:
        await self.job("tell", payload={"fail": True})
        await self.hears("job.failed", "breaker.opened")
        await self.job("tell")
        self.call.clock.advance(MINUTE)
        await self.hears("breaker.half_open", "breaker.closed")
        breaker = {"failures": 1, "cooldown": "30s"}
        await self.do("POST", "/endpoints", self.sick(name="weak", breaker=breaker, schedule=["0s", "1s", "1s"]))
        await self.job("tell")
        await self.hears("breaker.opened", times=2)
        self.well = True
        self.call.clock.advance(MINUTE)
        await self.hears("breaker.half_open", "breaker.closed", times=2)
        await self.do("DELETE", "/endpoints/weak")
        self.well = False

    async def endpoints(self) -> None:
        await self.do("POST", "/endpoints", self.sick(name="other"))
        await self.do("PATCH", "/endpoints/other", {"description": "Another one."})
        await self.do("POST", "/endpoints/other/rotate", {"kind": "v1"})
        await self.do("POST", "/endpoints/other/disable")
        await self.do("POST", "/endpoints/other/enable")
        await self.do("DELETE", "/endpoints/other")
        await self.hears(*(f"endpoint.{verb}" for verb in ("created", "updated", "rotated", "disabled", "enabled")))
        await self.hears("endpoint.deleted", times=2)

    async def failing(self) -> None:
        rules = {"breaker": "off", "disable_after": "1h", "schedule": ["0s", "10m", "10m", "20m", "30m", "10h"]}
        await self.do("POST", "/endpoints", self.sick(name="failing", **rules))
        await self.job("tell")
        for minutes in (0, 10, 10, 20, 30):
            tried = sum("/sick" in each.line for each in self.call.receiver.requests)
            self.call.clock.advance(minutes * MINUTE)
            if minutes:
                await self.call.receiver.until(lambda: self._tries() > tried)  # noqa: B023  it is over by then
            else:
                await self.call.receiver.until(self._tries)
            await self._written(minutes)
        await self.hears("endpoint.failing")
        await self.hears("endpoint.disabled", times=2)

    def _tries(self) -> int:
        return sum("/sick" in each.line for each in self.call.receiver.requests)

    async def _written(self, minutes: int) -> None:
        """Wait until an attempt is in the log: only then the next one is due by the clock."""

        async def there() -> bool:
            found = await self.call.deliveries("endpoint=failing")
            return bool(found) and found[0]["status"] != "sending"

        await self.call.until(there)

    async def dead(self) -> None:
        self.well = False
        await self.do("POST", "/endpoints", self.sick(name="poisoned", schedule=["0s"], breaker="off"))
        await self.job("tell")
        await self.hears("delivery.failed")
        await self.do("DELETE", "/endpoints/poisoned")

    async def schedules(self) -> None:
        await self.do("PUT", "/schedules/plain", {"run": "acts/tell", "every": "1m"})
        await self.do("PUT", "/schedules/skips", {"run": "acts/hold", "every": "1m", "if_running": "skip"})
        await self.do("PUT", "/schedules/crowds", {"run": "acts/crowd", "every": "1m", "if_running": "queue"})
        for times in range(1, 5):
            self.call.clock.advance(MINUTE)
            await self.hears_ends_of("plain", times)  # else the next one is skipped
        await self.hears("schedule.fired", "schedule.skipped", "schedule.refused")
        self.call.clock.advance(10 * MINUTE)
        await self.hears("schedule.missed")
        await self.do("POST", "/schedules/plain/pause")
        await self.do("POST", "/schedules/plain/resume")
        await self.hears("schedule.paused", "schedule.resumed")
        for name in ("plain", "skips", "crowds"):
            await self.do("DELETE", f"/schedules/{name}")
        for status in ("queued", "running"):
            for job in (await self.do("GET", f"/jobs?status={status}"))["jobs"]:
                await self.call("POST", f"/jobs/{job['job_id']}/cancel")

    async def hears_ends_of(self, schedule: str, times: int) -> None:
        """Wait until it has heard that a schedule made so many jobs, and that these have ended."""

        async def there() -> bool:
            await asyncio.sleep(0)
            heard = self.heard()
            facts = [body["data"]["payload"] for body in heard if body["type"] == "schedule.fired"]
            jobs = {fact["job_id"] for fact in facts if fact["schedule"] == schedule}
            ended = {body["data"]["job_id"] for body in heard if body["type"] == "job.succeeded"}
            return len(jobs) >= times and jobs <= ended

        await self.call.until(there)


def wrong(bodies: Collection[dict[str, Any]]) -> list[str]:
    """What is not as the catalogue says."""
    found: list[str] = []
    for body in bodies:
        if body["type"] == "acts.said":
            continue
        validator = jsonschema.Draft202012Validator(
            strict(schema(BY_NAME[body["type"]])), format_checker=jsonschema.FormatChecker()
        )
        errors = validator.iter_errors(body)  # pyright: ignore[reportUnknownMemberType]  left open by its stubs
        found += [f"{body['type']} {error.json_path}: {error.message}" for error in errors]
    return found


def test_each_event_happens_and_says_what_the_catalogue_says(tmp_path: Path) -> None:
    acts = tmp_path / "acts"
    acts.mkdir(mode=0o755)
    (acts / "acts.py").write_text(PLUGIN)
    (acts / "acts.py").chmod(0o644)

    async def work(call: Hall) -> None:
        story = Story(call)
        call.receiver.handler = story.answer
        quiet = [each.type for each in EVENT_TYPES if each.quiet]
        await call.make("ear", events=["*", *quiet], breaker="off", disable_after="0s")
        await story.jobs()
        await story.breakers()
        await story.endpoints()
        await story.failing()
        await story.dead()
        await story.schedules()
        bodies = story.heard()
        assert {body["type"] for body in bodies} == {*BY_NAME, "acts.said"}
        assert wrong(bodies) == []
        said = next(body for body in bodies if body["type"] == "acts.said")
        shown = (await call("GET", "/event-types/acts.said")).json()
        jsonschema.validate(said, strict(shown["schema"]))

    more: dict[str, Any] = {"plugin_dirs": ["plugins", "acts"], "lanes": {"acts/crowd": {"max_queued": 1}}}
    in_hall(tmp_path, work, **more)


def test_what_the_catalogue_does_not_say_would_be_found() -> None:
    body = {
        "type": "schedule.paused",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "data": {
            "event_id": "019b7c9e-0d4e-7000-8000-000000000001",
            "plugin": "hookyard",
            "command": "schedule",
            "payload": {"schedule": "a", "next_fire_time": None, "by": "token:t"},
        },
    }
    assert wrong([body]) == []
    body["data"]["payload"]["more"] = 1  # type: ignore[index]
    assert len(wrong([body])) == 1
