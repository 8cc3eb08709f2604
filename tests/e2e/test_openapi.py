"""The OpenAPI document held against a running server: no 500, and no answer that is not described."""

# Schemathesis leaves its generics open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.lab import PATIENCE, SOURCE_SECRET, TOKEN, Server

AnyCase = Case[Any]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KINDS = {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 2}
"""How many requests of each kind are made for one operation."""
HELD, LEFT = 40, 40
"""Jobs of an external command: held by a worker that the tester speaks for, and left for claims."""
ENDLESS = {"POST /api/v1/reload"}
"""What is not called: reading the plugins again takes as long as all the rest."""

PLUGIN = '''
"""What leaves something to be seen."""

from msgspec import Struct

from hookyard import CommandError, Context, Plugin, Retry

plugin = Plugin("seeds")


class Number(Struct):
    n: int = 0


@plugin.command
async def tell(data: Number, ctx: Context) -> Number:
    """Tell all there is to tell."""
    ctx.progress(1, 2, "half")
    ctx.log.info("said", n=data.n)
    await ctx.artifacts.put("a.txt", "text/plain", b"content")
    ctx.emit("seeds.told", {"n": data.n})
    return data


@plugin.command(retry=Retry(attempts=1))
async def refuse(data: Number, ctx: Context) -> Number:
    """Say no."""
    raise CommandError("No.", code="no")
'''


class Seeds:
    """What is there to be asked for, by the name of the path's parameter."""

    def __init__(self, server: Server) -> None:
        client = server.client

        def job(body: dict[str, Any], wait: int = 0) -> str:
            answer = client.post("/api/v1/jobs", json=body, headers={"prefer": f"wait={wait}"} if wait else {})
            assert answer.status_code == (200 if wait else 202), answer.text
            return str(answer.json()["job_id"])

        kid = _endpoints(client)
        told = [job({"plugin": "seeds", "command": "tell", "payload": {"n": n}}, 20) for n in range(3)]
        failed = job({"plugin": "seeds", "command": "refuse"}, 20)
        waiting = job({"plugin": "seeds", "command": "tell", "delay": 3600, "tags": ["later"]})
        token = client.post("/api/v1/tokens", json={"name": "seeded", "scopes": ["jobs:read"]})
        assert token.is_success, token.text
        schedule = {"run": "seeds/tell", "every": "1h"}
        assert client.put("/api/v1/schedules/seeded", json=schedule).is_success
        paused = client.post("/api/v1/lanes/seeds%2Frefuse/pause", json={"reason": "to be seen"})
        assert paused.is_success, paused.text
        image = {"plugin": "render", "command": "image", "payload": {}}
        made = client.post("/api/v1/jobs/bulk", json={"jobs": [image] * (HELD + LEFT)})
        assert made.json()["accepted"] == HELD + LEFT, made.text
        claim = {"worker": "seeds", "lanes": ["render/*"], "count": HELD, "lease": 3000}
        self._held: list[dict[str, Any]] = client.post("/api/v1/work/claim", json=claim).json()["jobs"]
        assert len(self._held) == HELD
        self.by_name: dict[str, list[str]] = {
            "job_id": [*told[:2], failed, waiting],
            "lane": ["seeds/tell", "seeds/refuse"],
            "token_id": [str(token.json()["id"])],
            "event_type": ["job.failed", "seeds.told"],
            "delivery_id": _deliveries(client),
            "kid": [kid],
        }
        pushed = server.push(b"{}", delivery="seeded")
        assert pushed.status_code == 202, pushed.text
        self.received = str(pushed.json()["job_id"])
        self.by_path = {
            "/sources/{name}": "github",
            "/plugins/{name}": "seeds",
            "/schedules/{name}": "seeded",
            "/endpoints/{name}": "seeded",
            "/artifacts/{name}": "a.txt",
        }
        assert client.get(f"/api/v1/jobs/{told[0]}/result").json() == {"n": 0}
        self.ended = told[0]
        self.doomed = told[2]
        self._turns: Counter[str] = Counter()

    def put(self, case: AnyCase) -> None:
        """Ask for something that is there."""
        if case.path.startswith("/api/v1/work/"):
            self._put_work(case)
            return
        turn = self._turns[case.operation.label]
        self._turns[case.operation.label] += 1
        for name in case.path_parameters:
            if name in self.by_name:
                values = self.by_name[name]
                case.path_parameters[name] = values[turn % len(values)]
            for end, value in self.by_path.items():
                if name == "name" and end in case.path:
                    case.path_parameters[name] = value
        if case.path.endswith(("/inbound", "/replay")) and "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = self.received
        if case.path.endswith("/events") and "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = self.ended  # of one that waits it has no end
        if case.method == "DELETE" and "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = self.doomed  # the others are still asked for
        if case.method == "DELETE" and "/endpoints/" in case.path:
            case.path_parameters["name"] = "doomed"

    def _put_work(self, case: AnyCase) -> None:
        """Speak for the worker that holds a job, each time of another one."""
        told = case.body if isinstance(case.body, dict) else {}
        if case.path.endswith("/claim"):
            case.body = {**told, "lanes": ["render/*"], "wait": 0}
            return
        job = self._held.pop()
        if "job_id" in case.path_parameters:
            case.path_parameters |= {"job_id": job["job_id"], "name": "a.txt"}
            case.headers["X-Hookyard-Lease"] = job["lease"]
        else:
            case.body = {**told, "job_id": job["job_id"], "lease": job["lease"]}


def _endpoints(client: httpx.Client) -> str:
    """Make endpoints: to be changed, to be kept, to be deleted; the name of a public key of the one that is kept."""
    for name in ("seeded", "kept", "doomed"):
        body = {"name": name, "url": "http://127.0.0.1:9/in", "sign": ["v1", "v1a"], "tls": None}
        made = client.post("/api/v1/endpoints", json=body)
        assert made.status_code == 201, made.text
    return str(client.get("/api/v1/endpoints/kept").json()["public_keys"][0]["kid"])


def _deliveries(client: httpx.Client) -> list[str]:
    """What the endpoint that is kept is told."""
    found = client.get("/api/v1/deliveries", params={"endpoint": "kept"}).json()["deliveries"]
    assert len(found) > 1
    return [str(one["id"]) for one in found]


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Server]:
    """A server with something of everything, whose tester may do everything."""
    server = Server(tmp_path)
    (tmp_path / "plugins" / "seeds.py").write_text(PLUGIN)
    (tmp_path / "plugins" / "lab.py").unlink()
    server.config["tokens"] = [
        {"name": "tester", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(), "scopes": ["admin"]}
    ]
    server.config["plugins"] = {"render": {"commands": {"image": {"timeout": "1h"}}}}
    networks = {"allow_http": True, "allow_ports": "any", "allow_networks": ["127.0.0.0/8"]}
    server.config["outbound"] = networks
    route = {"on": "push", "run": "seeds/tell", "with": {"n": 1}}
    server.config["sources"] = {"github": {"scheme": "github", "secrets": [SOURCE_SECRET], "routes": [route]}}
    yield server.start()
    server.end()


class Found:
    """What came of all requests, by operation."""

    def __init__(self, seeds: Seeds) -> None:
        self._seeds = seeds
        self.wrong: dict[str, set[str]] = defaultdict(set)
        self.statuses: dict[str, set[int]] = defaultdict(set)

    def asking(self, label: str, *, seeded: bool) -> Callable[[AnyCase], None]:
        """Make the requests of one operation; when `seeded` for what is there."""

        def ask(case: AnyCase) -> None:
            if seeded:
                self._seeds.put(case)
            answer = case.call(headers={"authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE)
            self.statuses[label].add(answer.status_code)
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as failures:
                self.wrong[label].update(str(failure) for failure in failures.exceptions)

        return ask


def bounded(examples: int) -> settings:
    """So many requests, the same ones every time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


def _can_be_wrong(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Whether there is anything about a request that the schema could refuse; a webhook's body may be anything."""
    if operation.path.startswith("/hooks/"):
        return False
    return bool(operation.body or operation.query or operation.path_parameters)


@pytest.mark.timeout(600)
def test_no_operation_answers_500_or_what_is_not_described(seeded: Server) -> None:
    found = Found(Seeds(seeded))
    base = str(seeded.client.base_url).rstrip("/")
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    for each in schema.get_all_operations():
        assert isinstance(each, Ok)
        operation: APIOperation[Any, Any, Any, Any] = each.ok()
        if operation.label in ENDLESS:
            continue
        for mode, examples in KINDS.items():
            if mode == GenerationMode.NEGATIVE and not _can_be_wrong(operation):
                continue
            ask = found.asking(operation.label, seeded=mode == GenerationMode.POSITIVE)
            bounded(examples)(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    assert not found.wrong, "\n".join(f"{label}: {text}" for label, texts in found.wrong.items() for text in texts)
    reads = {label: statuses for label, statuses in found.statuses.items() if label.startswith("GET ")}
    assert {label: statuses for label, statuses in reads.items() if not {200, 204} & statuses} == {}
    work = {label: statuses for label, statuses in found.statuses.items() if "/api/v1/work/" in label}
    assert len(work) == 6
    assert {label: statuses for label, statuses in work.items() if not {200, 201} & statuses} == {}
    assert len(found.statuses) > 50
