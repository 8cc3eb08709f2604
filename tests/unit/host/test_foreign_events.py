"""The events that plugins of other programs declare: in a manifest, or in the configuration."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.host.lab import Yard

from hookyard.assembly import assemble
from hookyard.config import load_file
from hookyard.config.load import loads
from hookyard.host.load import load
from hookyard.host.registry import PluginRecord, Registry

Json = Any
DUCTILE = """
manifest_spec: ductile.plugin
manifest_version: 1
name: fetch
version: 0.1.0
protocol: 2
entrypoint: run.sh
commands:
  - {name: poll, type: write}
"""
SCHEMA: Json = {
    "description": "There is something new.",
    "type": "object",
    "properties": {"url": {"type": "string"}},
    "required": ["url"],
}


@pytest.fixture
def home(yard: Yard) -> Path:
    """A folder with an exec plugin, a Ductile one and a Python one."""
    (yard.plugins / "fetch").mkdir()
    yard.write("fetch/manifest.yaml", DUCTILE)
    yard.write("fetch/run.sh", "#!/bin/bash\n").chmod(0o755)
    yard.write("till", "#!/bin/bash\nexit 1\n").chmod(0o755)
    yard.write("hello.py")
    manifest(yard.base, {})
    return yard.base


def manifest(base: Path, events: Json) -> None:
    document = {"name": "till", "api": 1, "commands": [{"name": "ring"}], "events": events}
    (base / "plugins" / "till.plugin.yaml").write_text(json.dumps(document))


def registry_of(base: Path, plugins: str = "{}", before: Registry | None = None) -> Registry:
    return load(loads(f"plugin_dirs: [plugins]\nplugins: {plugins}\n", base=base), base, before)


def till(base: Path) -> PluginRecord:
    (found,) = (record for record in registry_of(base).plugins if record.name == "till")
    return found


def problems_of(base: Path, plugins: str) -> list[str]:
    (base / "c.yaml").write_text(f"plugin_dirs: [plugins]\nplugins:\n{plugins}\n")
    return [str(problem) for problem in assemble(load_file(Path("c.yaml"), {}, folder=base)).problems]


def test_a_manifest_declares_events_with_their_schemas(home: Path) -> None:
    manifest(home, {"till.opened": SCHEMA, "anything goes": {"type": "object"}})
    registry = registry_of(home)
    found = dict(spec for spec in ((spec.type, spec) for _, spec in registry.events))
    assert list(found) == ["till.opened", "anything goes"]
    assert found["till.opened"].problem(b'{"url": "x", "more": 1}') is None
    assert found["till.opened"].problem(b"{}") == (
        "the data of the event 'till.opened' is not what the plugin declares: Object missing required field `url` at $"
    )
    assert found["anything goes"].problem(b'{"a": []}') is None
    assert registry.commands["till/ring"].spec.events == found


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([], "events: expected an object of schemas by type, found a list"),
        ({"till.opened": "file.json"}, "events.till.opened: expected a JSON Schema, found 'file.json'"),
        ({"till.opened": {"type": "array"}}, "events.till.opened: the data of an event is an object with named"),
        ({"till.opened": {"type": "null"}}, "events.till.opened: the data of an event is an object with named"),
        ({"till.opened": {}}, "events.till.opened: the data of an event is an object with named properties, or any"),
        ({"till.opened": {"not": {}}}, "events.till.opened/not: the keyword 'not' is outside the subset"),
        ({"job.opened": SCHEMA}, "events.job.opened: the event type 'job.opened' is reserved"),
        ({"endpoint.opened": SCHEMA}, "events.endpoint.opened: the event type 'endpoint.opened' is one of Hookyard's"),
        ({"job": SCHEMA}, "events.job: the event type 'job' is one of Hookyard's"),
        ({" ": SCHEMA}, "events. : the event type ' ' is no event type"),
        ({"": SCHEMA}, "events.: the event type '' is no event type"),
    ],
)
def test_a_manifest_whose_events_are_wrong_is_refused_with_the_place(home: Path, events: Json, problem: str) -> None:
    manifest(home, events)
    record = till(home)
    assert record.state == "failed"
    (line,) = (record.reason or "").splitlines()
    assert line.partition(": ")[2].startswith(problem)
    assert line.startswith("plugins/till.plugin.yaml:")


def test_the_configuration_declares_those_of_a_ductile_plugin(home: Path) -> None:
    (home / "ready.json").write_text(json.dumps(SCHEMA))
    plugins = "{fetch: {events: {content_ready: ready.json, gone: {type: object}}}, again: {uses: fetch}}"
    registry = registry_of(home, plugins)
    assert registry.problems == ()
    assert [(plugin, spec.type) for plugin, spec in registry.events] == [("fetch", "content_ready"), ("fetch", "gone")]
    assert list(registry.commands["fetch/poll"].spec.events) == ["content_ready", "gone"]
    assert registry.commands["again/poll"].spec.events == {}


def test_a_schema_file_that_changed_makes_another_event_at_the_next_load(home: Path) -> None:
    (home / "ready.json").write_text(json.dumps(SCHEMA))
    plugins = "{fetch: {events: {content_ready: ready.json}}}"
    first = registry_of(home, plugins)
    same = registry_of(home, plugins, first)
    assert same.kept["fetch"] is first.kept["fetch"]
    (home / "ready.json").write_text(json.dumps({"type": "object"}))
    ((_, spec),) = registry_of(home, plugins, first).events
    assert spec.problem(b"{}") is None


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "  fetch:\n    events:\n      ready: none.json",
            "c.yaml:5: plugins.fetch.events.ready: its schema cannot be used: none.json: no such file",
        ),
        (
            "  fetch:\n    events:\n      ready: {type: object, properties: {a: {type: strin}}}",
            "c.yaml:5: plugins.fetch.events.ready.properties.a.type: 'strin' is no type",
        ),
        (
            "  fetch:\n    events:\n      ready: {type: string}",
            "c.yaml:5: plugins.fetch.events.ready: the data of an event is an object",
        ),
        (
            "  fetch:\n    events:\n      schedule.done: {type: object}",
            "c.yaml:5: plugins.fetch.events.schedule.done: the event type 'schedule.done' is one of Hookyard's own",
        ),
        (
            "  hello:\n    events: {a.b: {type: object}}",
            "c.yaml:4: plugins.hello.events: a Python plugin declares its events itself: Plugin(..., events={...})",
        ),
        (
            "  till:\n    events: {a.b: {type: object}}",
            "c.yaml:4: plugins.till.events: an exec plugin's manifest declares its events, under `events`",
        ),
        (
            "  away:\n    commands: {go: {}}\n    events: {a.b: {type: object}}",
            "c.yaml:5: plugins.away.events: external workers emit no events, so there are none to declare",
        ),
    ],
)
def test_what_cannot_be_declared_in_the_configuration_is_said_with_its_place(
    home: Path, section: str, problem: str
) -> None:
    (found,) = problems_of(home, section)
    assert found.startswith(problem)
