"""Ductile plugins among the others: found, named twice, given lanes and configuration by `load`."""

from pathlib import Path

import pytest

from hookyard.config.load import load as read_config
from hookyard.config.model import Config, LaneSettings, PluginSettings, RouteSettings, SourceSettings
from hookyard.config.values import Secret
from hookyard.errors import ConfigError
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.ductile import DuctileLaunch
from hookyard.host.load import load
from hookyard.host.registry import PluginRecord, Registry
from hookyard.inbound.received import Received
from hookyard.inbound.sources import Sources, SourcesError

MANIFEST = """
manifest_spec: ductile.plugin
manifest_version: 1
name: {name}
version: 0.1.0
protocol: 2
entrypoint: run.sh
commands:
  - {{name: poll, type: write}}
  - {{name: Look, type: read, input_schema: {{at: string}}}}
"""


class Collection:
    def __init__(self, base: Path) -> None:
        self.base = base

    def add(self, path: str, name: str, more: str = "") -> Path:
        folder = self.base / path
        folder.mkdir(parents=True)
        (folder / "manifest.yaml").write_text(MANIFEST.format(name=name) + more)
        (folder / "run.sh").write_text("#!/bin/sh\n")
        (folder / "run.sh").chmod(0o755)
        return folder

    def load(self, lanes: dict[str, int] | None = None, **plugins: PluginSettings) -> Registry:
        limits = {lane: LaneSettings(limit=limit) for lane, limit in (lanes or {}).items()}
        return load(Config(plugin_dirs=("first", "second"), plugins=plugins, lanes=limits), self.base)


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    return Collection(tmp_path)


def records(registry: Registry) -> list[PluginRecord]:
    """Without what is installed beside."""
    return [record for record in registry.plugins if record.kind == "ductile"]


def states(registry: Registry) -> dict[str, str]:
    return {record.name: record.state for record in records(registry)}


def test_they_are_found_however_deep_and_the_first_of_a_name_wins(collection: Collection) -> None:
    first = collection.add("first/a/b/c", "deep")
    collection.add("second/other", "deep", "description: the second\n")
    collection.add("second/flat", "Flat_1")
    registry = collection.load()
    assert registry.problems == ()
    assert [(record.name, record.state) for record in records(registry)] == [
        ("deep", "active"),
        ("Flat_1", "active"),
        ("deep", "failed"),
    ]
    assert sorted(registry.commands) == ["Flat_1/Look", "Flat_1/poll", "deep/Look", "deep/poll"]
    launch = registry.commands["deep/poll"].launch
    assert isinstance(launch, DuctileLaunch)
    assert launch.process.argv == (str(first / "run.sh"),)
    assert launch.process.cwd == str(first)


def test_a_bad_one_is_listed_with_its_reason_and_stops_nobody(collection: Collection) -> None:
    collection.add("first/bad", "bad", "colour: red\n")
    collection.add("first/good", "good")
    registry = collection.load()
    assert states(registry) == {"bad": "failed", "good": "active"}
    (reason,) = [record.reason for record in records(registry) if record.name == "bad"]
    assert reason == "first/bad/manifest.yaml:11: colour: unknown key"


def test_a_folder_that_anyone_may_change_is_blocked(collection: Collection) -> None:
    folder = collection.add("first/open", "open")
    folder.chmod(0o777)
    assert states(collection.load()) == {"open": "blocked"}


def test_an_alias_has_its_own_configuration_environment_and_lane(collection: Collection) -> None:
    collection.add("first/mail", "mail")
    registry = collection.load(
        lanes={"mail-two": 3},
        mail=PluginSettings(config={"box": "a"}, env={"BOX": "a"}),
        **{"mail-two": PluginSettings(uses="mail", config={"box": "b"}, env={"BOX": "b"})},
    )
    assert registry.problems == ()
    one, two = registry.commands["mail/poll"], registry.commands["mail-two/poll"]
    assert (one.config, two.config) == ({"box": "a"}, {"box": "b"})
    assert (one.lane, one.lane_limit) == ("mail", 1)
    assert (two.lane, two.lane_limit) == ("mail-two", 3)
    assert registry.commands["mail-two/Look"].lane == "mail-two"
    assert two.spec.plugin == "mail-two"
    assert isinstance(one.launch, DuctileLaunch)
    assert isinstance(two.launch, DuctileLaunch)
    assert (one.launch.process.env["BOX"], two.launch.process.env["BOX"]) == ("a", "b")
    assert registry.lanes == {"mail": 1, "mail-two": 3}


def test_a_missing_key_of_the_configuration_is_reported_by_its_path(collection: Collection) -> None:
    collection.add("first/mail", "mail", "config_keys: {required: [box, user], optional: [mode]}\n")
    registry = collection.load(mail=PluginSettings(config={"box": "a"}))
    assert registry.problems == (("plugins.mail.config.user", "missing; mail requires it"),)
    assert states(registry) == {"mail": "failed"}
    assert registry.commands == {}


def test_an_alias_needs_the_keys_as_well(collection: Collection) -> None:
    collection.add("first/mail", "mail", "config_keys: {required: [box]}\n")
    registry = collection.load(mail=PluginSettings(config={"box": "a"}), two=PluginSettings(uses="mail"))
    assert registry.problems == (("plugins.two.config.box", "missing; mail requires it"),)
    assert states(registry) == {"mail": "active", "two": "failed"}


def test_one_that_is_not_safe_to_run_at_once_keeps_its_lane_at_one(collection: Collection) -> None:
    collection.add("first/mail", "mail", "concurrency_safe: false\n")
    assert collection.load().lanes == {"mail": 1}
    assert collection.load(lanes={"mail": 1}).problems == ()
    (problem,) = collection.load(lanes={"mail": 2}).problems
    assert problem == ("lanes.mail.limit", "the plugin says that only one of its commands may run at once")


def test_what_of_a_schema_is_not_held_to_stands_in_the_record(collection: Collection) -> None:
    collection.add("first/mail", "mail", "  - {name: send, type: write, input_schema: {to: address}}\n")
    (record,) = records(collection.load())
    assert record.state == "active"
    assert record.notes == ("commands.send.input_schema: to takes anything: there is no type 'address'",)


def routed(registry: Registry, **with_: object) -> Sources:
    route = RouteSettings(run="mail/poll", with_=with_)
    source = SourceSettings(scheme="github", secrets=(Secret("s" * 20),), routes=(route,))
    return Sources.build(Config(sources={"hub": source}), registry.commands)


def test_a_route_may_give_any_member_where_the_plugin_names_none(collection: Collection) -> None:
    collection.add("first/mail", "mail")
    route = routed(collection.load(), url="$.head.url", fixed={"a": [1]}).by_name["hub"].routes[0]
    received = Received(source="hub", event="push", delivery="1", digest=b"", body=b'{"head": {"url": "x"}}')
    assert route.args(received) == b'{"url":"x","fixed":{"a":[1]}}'


def test_a_route_is_held_to_the_members_that_the_plugin_names(collection: Collection) -> None:
    collection.add("first/mail", "mail", "")
    registry = collection.load()
    look = RouteSettings(run="mail/Look", with_={"at": "x", "typo": 1})
    source = SourceSettings(scheme="github", secrets=(Secret("s" * 20),), routes=(look,))
    with pytest.raises(SourcesError, match="LookInput has no field 'typo'; it has at"):
        Sources.build(Config(sources={"hub": source}), registry.commands)


def test_the_environment_of_the_configuration_is_filled_in_before_the_plugin_sees_it(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.add("first/mail", "mail", "config_keys: {required: [box]}\n")
    monkeypatch.setenv("MAIL_BOX", "inbox")
    file = collection.base / "hookyard.yaml"
    file.write_text("plugin_dirs: [first]\nplugins: {mail: {config: {box: '${MAIL_BOX}/new'}}}\n")
    config = read_config(file)
    registry = load(config, collection.base)
    assert registry.commands["mail/poll"].config == {"box": "inbox/new"}
    (active,) = registry.active
    assert isinstance(active.plugin, ForeignPlugin)
    monkeypatch.delenv("MAIL_BOX")
    with pytest.raises(ConfigError, match="MAIL_BOX"):
        read_config(file)
