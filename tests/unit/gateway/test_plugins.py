"""The plugin routes: who may see and reload plugins, and what they are shown."""

import asyncio

import pytest
from tests.unit.gateway.lab import ADMIN, CI, COMMANDS, LOOKER, NOBODY, READER, House, bearer, house_of, plugin

from hookyard import HealthReport, Plugin
from hookyard.config.model import PluginSettings
from hookyard.errors import ConfigError, Problem
from hookyard.host.candidate import Candidate
from hookyard.host.changes import Changes
from hookyard.host.hooks import Hooks
from hookyard.host.registry import ActivePlugin, Kept, PluginRecord, Registry
from hookyard.inbound import own

REGISTRY = Registry(
    (
        PluginRecord(name="hello", state="active", origin="plugins/hello.py", version="1.0", isolation="inline"),
        PluginRecord(name="off", state="disabled", reason="the configuration says so", origin="plugins/off"),
    ),
    (ActivePlugin(plugin, None),),
    COMMANDS,
    kept={"hello": Kept(Candidate("hello", origin="x"), PluginSettings(), None, plugin)},
)


async def reload() -> Changes:
    await asyncio.sleep(0)
    return Changes(changed=("hello",), needs_restart=("server.port",))


async def refuse() -> Changes:
    await asyncio.sleep(0)
    raise ConfigError((Problem("c.yaml", 3, "plugins.hello", "is broken"), Problem("c.yaml", 0, "", "is short")))


@pytest.fixture
def house() -> House:
    return house_of(registry=REGISTRY, reload=reload)


def test_every_plugin_is_listed_with_its_state_its_reason_and_its_commands_limits(house: House) -> None:
    hello, off, _ = house.get("/api/v1/plugins").json["plugins"]
    assert (hello["name"], hello["state"], hello["version"], hello["isolation"]) == ("hello", "active", "1.0", "inline")
    greet, look = hello["commands"]
    assert (greet["name"], greet["summary"], greet["lane"], greet["limit"]) == (
        *("greet", "Say hello.", "hello/greet"),
        64,
    )
    assert look["read_only"]
    expected = {"kind": "python", "name": "off", "origin": "plugins/off", "state": "disabled"}
    assert off == expected | {"reason": "the configuration says so"}


def test_hookyards_own_provider_is_listed_with_how_its_hooks_have_done() -> None:
    async def health() -> HealthReport:
        return HealthReport(status="ok")

    guard = Plugin("hello")
    guard.hook(health)
    hooks = Hooks([(guard, None)], own=[(own.plugin, None)])
    house = house_of(registry=REGISTRY, hooks=hooks)
    assert house.get("/readyz", None).status == 200
    hello, off, ours = house.get("/api/v1/plugins").json["plugins"]
    (asked,) = hello["hooks"]
    assert (asked["hook"], asked["calls"], asked["failures"], asked["skipped"]) == ("health", 1, 0, 0)
    assert "hooks" not in off
    assert (ours["name"], ours["state"], ours["origin"]) == ("hookyard", "active", "hookyard")
    assert [(hook["hook"], hook["calls"]) for hook in ours["hooks"]] == [("verify_webhook", 0), ("map_input", 0)]
    shown = house.get("/api/v1/plugins/hookyard")
    assert (shown.status, shown.json["hooks"]) == (200, ours["hooks"])


def test_one_plugin_is_shown_with_its_schemas(house: House) -> None:
    shown = house.get("/api/v1/plugins/hello").json
    greet = shown["commands"][0]
    assert greet["input"]["$defs"]["Greet"]["required"] == ["name"]
    assert greet["output"]["$defs"]["Greeting"]
    assert house.get("/api/v1/plugins/absent").status == 404


@pytest.mark.parametrize("path", ["/api/v1/plugins", "/api/v1/plugins/hello"])
def test_who_may_read_jobs_may_see_plugins(house: House, path: str) -> None:
    statuses = [house.get(path, token).status for token in (READER, ADMIN, CI, LOOKER, NOBODY, None)]
    assert statuses == [200, 200, 403, 403, 403, 401]


def test_only_an_administrator_reloads(house: House) -> None:
    answers = [house.call("POST", "/api/v1/reload", [bearer(token)]) for token in (ADMIN, READER, CI)]
    assert [answer.status for answer in answers] == [200, 403, 403]
    assert answers[0].json["changed"] == ["hello"]
    assert answers[0].json["needs_restart"] == ["server.port"]
    assert house.call("POST", "/api/v1/reload").status == 401
    assert house.get("/api/v1/reload", ADMIN).status == 405


def test_a_refused_reload_names_every_problem() -> None:
    answer = house_of(registry=REGISTRY, reload=refuse).call("POST", "/api/v1/reload", [bearer(ADMIN)])
    assert (answer.status, answer.code) == (422, "reload_refused")
    assert answer.json["problems"] == [
        {"file": "c.yaml", "line": 3, "path": "plugins.hello", "message": "is broken"},
        {"file": "c.yaml", "line": 0, "path": "", "message": "is short"},
    ]


def test_the_document_has_the_routes(house: House) -> None:
    paths = house.get("/openapi.json", None).json["paths"]
    assert {"/api/v1/plugins", "/api/v1/plugins/{name}", "/api/v1/reload"} <= paths.keys()
    assert "422" in paths["/api/v1/reload"]["post"]["responses"]


def test_a_reload_is_an_entry_of_the_audit_log_with_what_it_changed(house: House) -> None:
    assert house.call("POST", "/api/v1/reload", [bearer(ADMIN)]).status == 200
    [entry] = house.get("/api/v1/audit", ADMIN).json["entries"]
    assert (entry["principal"], entry["action"], entry["target"]) == ("token:admin", "server.reload", "server")
    assert entry["details"] == {"changed": ["hello"], "needs_restart": ["server.port"], "failed": []}


def test_a_reload_that_was_refused_or_not_allowed_is_none() -> None:
    refusing = house_of(registry=REGISTRY, reload=refuse)
    assert refusing.call("POST", "/api/v1/reload", [bearer(ADMIN)]).status == 422
    assert refusing.call("POST", "/api/v1/reload", [bearer(READER)]).status == 403
    assert refusing.get("/api/v1/audit", ADMIN).json["entries"] == []
