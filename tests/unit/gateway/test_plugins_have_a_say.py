"""Hooks at the gateway: who is calling, who may, which webhooks are genuine, what they become, how everything is."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.lab import ACME, CI, COMMANDS, JSON, READER, House, Reply, bearer, config_of, house_of

from hookyard import (
    AccessQuestion,
    Credentials,
    HealthReport,
    Identity,
    InboundEvent,
    Plugin,
    WebhookRequest,
    WebhookVerdict,
)
from hookyard.artifacts import ArtifactStore
from hookyard.config.model import Config, PluginScheme, RouteSettings, SourceSettings
from hookyard.config.values import Secret
from hookyard.host.hooks import Hooks
from hookyard.inbound.sources import Sources, SourcesError

Lines = Sequence[tuple[str, tuple[object, ...], dict[str, object]]]


def hooks_of(*functions: Callable[..., Any], decision: float = 20) -> Hooks:
    plugin = Plugin("guard")
    for function in functions:
        plugin.hook(function)
    return Hooks([(plugin, None)], decision=decision)


async def authenticate(request: Credentials) -> Identity | None:
    """Whoever has a ticket, by its name."""
    ticket = request.headers.get("x-ticket", "")
    name, _, scope = ticket.partition(" ")
    return Identity(name=name, scopes=(scope,) if scope else ()) if name else None


def ticket(text: str) -> tuple[bytes, bytes]:
    return (b"x-ticket", text.encode())


# --- who is calling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lean", [True, False])
def test_a_caller_that_only_a_plugin_knows_triggers_and_reads_what_its_scopes_allow(lean: bool) -> None:
    house = house_of(lean=lean, hooks=hooks_of(authenticate))
    reply = house.call(
        "POST", "/trigger/hello/greet", [JSON, ticket("ada trigger:hello/*")], b'{"payload":{"name":"A"}}'
    )
    assert reply.status == 202
    [job] = house.dispatcher.jobs
    assert job.principal == "plugin:guard/ada"
    assert house.call("GET", f"/job/{job.id}", [ticket("ada")]).status == 200
    assert house.call("GET", f"/job/{job.id}", [ticket("eve")]).code == "not_found"
    assert house.call("GET", "/api/v1/jobs", [ticket("ada")]).code == "forbidden"
    assert house.call("POST", "/trigger/hello/greet", [JSON, ticket("ada trigger:other/*")]).code == "forbidden"
    assert house.call("GET", f"/job/{job.id}", [(b"x-other", b"ada")]).code == "unauthenticated"


def test_a_plugin_says_whose_tenant_a_caller_is_and_the_job_and_the_next_plugin_know_it() -> None:
    asked: list[AccessQuestion] = []

    async def authenticate(request: Credentials) -> Identity | None:
        return Identity(name="ada", scopes=("admin",), tenant=request.headers.get("x-tenant", ""))

    async def authorize(question: AccessQuestion) -> bool | None:
        asked.append(question)
        return None

    house = house_of(hooks=hooks_of(authenticate, authorize))
    acme, other = ([JSON, (b"x-tenant", tenant)] for tenant in (b"acme", b"other"))
    assert house.call("POST", "/trigger/hello/greet", acme, b'{"payload":{"name":"A"}}').status == 202
    [job] = house.dispatcher.jobs
    assert job.tenant == "acme"
    assert [question.tenant for question in asked] == ["acme"]
    assert house.call("GET", f"/job/{job.id}", acme).status == 200
    assert house.call("GET", f"/job/{job.id}", other).code == "not_found"
    assert house.call("GET", "/api/v1/plugins", acme).code == "forbidden"
    assert house.call("GET", "/api/v1/jobs", [(b"x-tenant", b"a b")]).code == "plugin_unavailable"


def test_a_plugin_hears_the_tenant_however_the_command_is_named() -> None:
    asked: list[AccessQuestion] = []

    def authorize(question: AccessQuestion) -> bool:
        asked.append(question)
        return True

    house = house_of(hooks=hooks_of(authorize))
    created = house.call(
        "POST",
        "/api/v1/jobs",
        [JSON, bearer(ACME)],
        b'{"plugin":"hello","command":"greet","payload":{"name":"A"},"on_failure":[{"run":"hello/look"}]}',
    )
    # The chain does not fit, which is said after it was asked whether it may be.
    assert created.code == "invalid_input"
    assert [(one.path, one.tenant) for one in asked] == [
        ("/api/v1/jobs", "acme"),
        ("/trigger/hello/greet", "acme"),
        ("/trigger/hello/look", "acme"),
    ]


@pytest.mark.parametrize("lean", [True, False])
def test_a_plugin_hears_from_where_the_links_of_a_chain_are_asked_for_too(lean: bool) -> None:
    asked: list[AccessQuestion] = []

    def authorize(question: AccessQuestion) -> bool:
        asked.append(question)
        return True

    house = house_of(lean=lean, hooks=hooks_of(authorize))
    job = '"payload":{"name":"A"},"on_failure":[{"run":"hello/look"}]'
    named = f'{{"plugin":"hello","command":"greet",{job}}}'
    for path, body in (
        ("/trigger/hello/greet", f"{{{job}}}"),
        ("/api/v1/jobs", named),
        ("/api/v1/jobs/bulk", f'{{"jobs":[{named}]}}'),
    ):
        house.call("POST", path, [JSON, bearer(CI)], body.encode())
        assert asked[-1].path == "/trigger/hello/look"
        assert {one.peer for one in asked} == {"192.0.2.1"}


@pytest.mark.parametrize("lean", [True, False])
def test_an_idempotency_key_is_of_one_tenant_though_the_caller_has_the_same_name_in_another(lean: bool) -> None:
    async def authenticate(request: Credentials) -> Identity | None:
        return Identity(name="ada", scopes=("trigger:*/*",), tenant=request.headers["x-tenant"])

    house = house_of(lean=lean, hooks=hooks_of(authenticate))
    body, key = b'{"payload":{"name":"A"}}', (b"idempotency-key", b"k")
    ids = [
        house.call("POST", "/trigger/hello/greet", [JSON, key, (b"x-tenant", tenant)], body).json["job_id"]
        for tenant in (b"acme", b"other", b"acme")
    ]
    assert ids[0] == ids[2] != ids[1]
    assert [job.tenant for job in house.dispatcher.jobs] == ["acme", "other"]


@pytest.mark.parametrize("lean", [True, False])
def test_a_configured_token_is_never_asked_about(lean: bool) -> None:
    asked: list[Credentials] = []

    async def authenticate(request: Credentials) -> Identity | None:
        asked.append(request)
        return None

    house = house_of(lean=lean, hooks=hooks_of(authenticate))
    assert house.trigger({"payload": {"name": "A"}}).status == 202
    assert house.get("/api/v1/jobs").status == 200
    assert house.get("/healthz", None).status == house.get("/openapi.json", None).status == 200
    assert asked == []
    assert house.get("/api/v1/jobs", "wrong").code == "unauthenticated"
    [request] = asked
    assert (request.method, request.path, request.peer) == ("GET", "/api/v1/jobs", "192.0.2.1")
    assert request.headers["authorization"] == "Bearer wrong"


def test_when_no_plugin_can_say_who_it_is_the_caller_may_try_again() -> None:
    async def authenticate() -> Identity | None:
        await asyncio.Event().wait()
        return None

    reply = house_of(hooks=hooks_of(authenticate, decision=0.05)).get("/api/v1/jobs", "wrong")
    assert (reply.status, reply.code) == (503, "plugin_unavailable")
    assert reply["retry-after"] == "5"


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lean", [True, False])
def test_one_plugin_may_deny_what_the_scopes_allow_and_none_may_allow_more(lean: bool) -> None:
    asked: list[AccessQuestion] = []

    def authorize(question: AccessQuestion) -> bool | None:
        asked.append(question)
        return question.command != "look"

    house = house_of(lean=lean, hooks=hooks_of(authorize))
    assert house.trigger({"payload": {"name": "A"}}).status == 202
    assert house.trigger({}, to="hello/look").code == "forbidden"
    assert house.trigger({"payload": {"name": "A"}}, token=READER).code == "forbidden"
    assert [(one.principal, one.plugin, one.command, one.method) for one in asked] == [
        ("token:ci", "hello", "greet", "POST"),
        ("token:ci", "hello", "look", "POST"),
        ("token:reader", "hello", "greet", "POST"),
    ]
    assert asked[0].scopes == ("trigger:hello/*",)
    assert house.get("/api/v1/jobs").status == 200
    assert (asked[-1].path, asked[-1].plugin) == ("/api/v1/jobs", None)
    assert house.get("/api/v1/jobs", "wrong").code == "unauthenticated"
    assert len(house.dispatcher.jobs) == 1


@pytest.mark.parametrize("path", ["/trigger/hello/look", "//trigger//hello/look/", "//"])
def test_however_a_path_is_written_the_plugin_is_asked_or_nothing_runs(path: str) -> None:
    def authorize(question: AccessQuestion) -> bool | None:
        return question.command != "look"

    house = house_of(hooks=hooks_of(authorize))
    assert house.call("POST", path, [JSON, bearer(CI)], b"{}").status in {403, 404, 405}
    assert house.dispatcher.jobs == []


@pytest.mark.parametrize("lean", [True, False])
def test_a_plugin_that_cannot_say_whether_is_not_taken_for_a_yes(lean: bool) -> None:
    def authorize() -> bool:
        raise RuntimeError

    house = house_of(lean=lean, hooks=hooks_of(authorize))
    assert house.trigger({"payload": {"name": "A"}}).code == "plugin_unavailable"
    assert house.dispatcher.jobs == []
    assert house.get("/healthz", None).status == 200


# --- webhooks -----------------------------------------------------------------------------------------------------


def verify_webhook(request: WebhookRequest) -> WebhookVerdict | None:
    if request.headers.get("x-sig") != f"{request.secrets[0]}:{len(request.body)}":
        return None
    return WebhookVerdict(
        ok=True,
        event=request.headers["x-event"],
        delivery_id=request.headers.get("x-id"),
        ping=request.headers["x-event"] == "ping",
    )


async def map_input(event: InboundEvent) -> dict[str, object] | None:
    return {"name": event.event, "times": 2} if event.body == b"<x/>" else None


def guarded(map_: str | None = "guard", with_: dict[str, Any] | None = None) -> Config:
    route = RouteSettings(run="hello/greet", map=map_, with_=with_)
    return Config(
        sources={"bank": SourceSettings(scheme=PluginScheme(plugin="guard"), secrets=(Secret("k"),), routes=(route,))}
    )


def send(house: House, body: bytes, sig: bytes, event: bytes = b"paid") -> Reply:
    headers = [(b"x-sig", sig), (b"x-event", event), (b"x-id", b"d-1")]
    return house.call("POST", "/hooks/bank", headers, body)


@pytest.mark.parametrize("lean", [True, False])
def test_a_plugin_verifies_the_webhook_and_makes_the_input(lean: bool) -> None:
    house = house_of(guarded(), lean=lean, hooks=hooks_of(verify_webhook, map_input))
    reply = send(house, b"<x/>", b"k:4")
    assert reply.status == 202
    [job] = house.dispatcher.jobs
    assert (job.args, job.source, job.principal) == (b'{"name":"paid","times":2}', "bank", "source:bank")
    assert send(house, b"<x/>", b"k:4").json["duplicate"] is True
    assert send(house, b"<y/>", b"k:4").json == {"status": "ignored", "event": "paid"}
    assert send(house, b"<x/>", b"k:5").code == "invalid_signature"
    assert send(house, b"<x/>", b"k:4", b"ping").json == {"status": "ok", "event": "ping"}
    assert len(house.dispatcher.jobs) == 1


def test_why_a_plugin_refused_a_webhook_is_in_the_log_and_nowhere_else(lines: Lines) -> None:
    def verify_webhook(request: WebhookRequest) -> WebhookVerdict:
        return WebhookVerdict(ok=False, reason="an old key " + "x" * 1000)

    house = house_of(guarded(), hooks=hooks_of(verify_webhook, map_input))
    reply = send(house, b"<x/>", b"k:4")
    assert reply.code == "invalid_signature"
    assert b"an old key" not in reply.body
    [(_, (event,), facts)] = lines
    assert (event, facts["step"], facts["why"]) == ("request.refused", "mismatch", "an old key " + "x" * 189)


@pytest.mark.parametrize("lean", [True, False])
def test_what_a_plugin_maps_is_checked_as_every_input_is(lean: bool) -> None:
    async def map_input() -> dict[str, object]:
        return {"name": 3}

    reply = send(house_of(guarded(), lean=lean, hooks=hooks_of(verify_webhook, map_input)), b"<x/>", b"k:4")
    assert (reply.status, reply.code, reply.json["path"]) == (422, "invalid_event", "$.name")


@pytest.mark.parametrize("broken", ["verify_webhook", "map_input"])
def test_a_sender_is_told_to_try_again_when_the_plugin_fails(broken: str) -> None:
    def fails() -> None:
        raise RuntimeError

    fails.__name__ = broken
    others: list[Callable[..., Any]] = [verify_webhook, map_input]
    hooks = hooks_of(fails, *(each for each in others if each.__name__ != broken))
    house = house_of(guarded(), hooks=hooks)
    assert send(house, b"<x/>", b"k:4").code == "plugin_unavailable"
    kept = [] if broken == "verify_webhook" else ["hello/greet"]  # what is not verified is nobody's event
    assert [f"{job.plugin}/{job.command}" for job in house.dispatcher.jobs] == kept


@pytest.mark.parametrize(
    ("config", "hooks", "problems"),
    [
        (guarded(), {"guard": ["verify_webhook", "map_input"]}, []),
        (
            guarded(),
            {"guard": ["startup"]},
            [
                ("sources.bank.scheme.plugin", "the plugin guard does not implement the hook verify_webhook"),
                ("sources.bank.routes[0].map", "the plugin guard does not implement the hook map_input"),
            ],
        ),
        (
            guarded("gard"),
            {"guard": ["verify_webhook"]},
            [("sources.bank.routes[0].map", "there is no plugin 'gard'")],
        ),
        (
            guarded(with_={"name": "$event"}),
            {"guard": ["verify_webhook", "map_input"]},
            [("sources.bank.routes[0].map", "there is a with too; the input is made by one of them")],
        ),
    ],
)
def test_a_source_that_names_a_plugin_which_cannot_is_a_problem_at_start(
    config: Config, hooks: dict[str, list[str]], problems: list[tuple[str, str]]
) -> None:
    try:
        Sources.build(config, COMMANDS, hooks=hooks)
        found: list[tuple[str, str]] = []
    except SourcesError as error:
        found = list(error.problems)
    assert found == problems


# --- health -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "status", "ready"),
    [
        (HealthReport(status="ok", message="Fine."), "ok", 200),
        (HealthReport(status="degraded", critical=True), "degraded", 200),
        (HealthReport(status="failing", details={"lag": 3}), "degraded", 200),
        (HealthReport(status="failing", critical=True), "failing", 503),
    ],
)
def test_the_health_of_a_plugin_is_shown_and_counts_for_readiness_when_it_is_critical(
    report: HealthReport, status: str, ready: int
) -> None:
    def health() -> HealthReport:
        return report

    house = house_of(hooks=hooks_of(health))
    shown = house.get("/api/v1/health")
    assert shown.status == 200
    assert shown.json == {
        "status": status,
        "state": "ready",
        "store": "ok",
        "artifacts": "ok",
        "plugins": [
            {
                "plugin": "guard",
                "status": report.status,
                "message": report.message,
                "critical": report.critical,
                "details": report.details,
            }
        ],
    }
    answer = house.get("/readyz", None)
    assert answer.status == ready
    assert "guard" not in str(answer.json)  # whoever asks that need not be known


def test_health_is_for_those_who_may_read_jobs_and_says_what_holds_work_up() -> None:
    house = house_of(config_of())
    assert house.get("/api/v1/health", CI).code == "forbidden"
    assert house.get("/api/v1/health", None).code == "unauthenticated"
    whole: dict[str, object] = {"status": "ok", "state": "ready", "store": "ok", "artifacts": "ok", "plugins": []}
    assert house.get("/api/v1/health").json == whole
    house.readiness.state = "draining"
    assert house.get("/api/v1/health").json["status"] == "failing"


def test_artifacts_that_are_away_degrade_health_and_are_asked_for_at_most_every_half_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = house_of(config_of())
    said: list[str | None] = ["the bucket is away", None]

    async def probe(_artifacts: ArtifactStore) -> str | None:
        await asyncio.sleep(0)
        return said.pop(0)

    monkeypatch.setattr(ArtifactStore, "probe", probe)
    for _ in range(2):
        shown = house.get("/api/v1/health").json
        assert (shown["status"], shown["artifacts"]) == ("degraded", "unavailable")
    house.clock.advance(30_000)
    assert house.get("/api/v1/health").json["artifacts"] == "ok"
    assert house.get("/readyz", None).status == 200


def test_what_is_no_json_and_was_a_plugins_to_map_is_shown_as_text() -> None:
    async def map_input(event: InboundEvent) -> dict[str, object]:
        return {"name": str(len(event.body))}

    config = replace(config_of(), sources=guarded().sources)
    house = house_of(config, hooks=hooks_of(verify_webhook, map_input))
    job_id = send(house, b"<x/>\xff", b"k:5").json["job_id"]
    shown = house.get(f"/api/v1/jobs/{job_id}/inbound").json
    assert shown["text"] == "<x/>\ufffd"
    assert "body" not in shown
