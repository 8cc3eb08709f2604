"""`hookyard schema lock` and `hookyard schema check`, of the events that plugins declare."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Ended

Call = Callable[..., Ended]
PLUGIN = '''
from typing import Literal

from msgspec import Struct

from hookyard import Plugin


class Line(Struct):
    sku: str
    count: int


class OrderPlaced(Struct):
    """Somebody ordered something."""

    number: int
    lines: list[Line]
    how: Literal["card", "cash"]


plugin = Plugin("shop", version="2", events={"order.placed": OrderPlaced})
'''
SCRIPT = """#!/bin/bash
exit 1
"""
MANIFEST = """
name: till
api: 1
commands: [{name: ring}]
events:
  till.opened:
    type: object
    properties: {at: {type: string}, by: {type: string}}
    required: [at]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "shop.py").write_text(PLUGIN)
    (tmp_path / "config.yaml").write_text("plugin_dirs: [plugins]\n")
    return tmp_path


def lock(hookyard: Call, folder: Path) -> Path:
    assert hookyard("schema", "lock", folder / "config.yaml").code == 0
    return folder / "hookyard.lock.json"


def change(folder: Path, old: str, new: str) -> None:
    assert old in PLUGIN
    (folder / "plugins" / "shop.py").write_text(PLUGIN.replace(old, new))


def test_a_lock_holds_what_a_declared_event_says(hookyard: Call, folder: Path) -> None:
    ended = hookyard("schema", "lock", folder / "config.yaml")
    assert ": 0 commands, 1 events, sha256:" in ended.err
    held = json.loads((folder / "hookyard.lock.json").read_text())
    assert held["plugins"] == {"shop": "2"}
    (event,) = held["events"].values()
    assert list(held["events"]) == ["shop/order.placed"]
    assert event["data"] == {"$ref": "#/types/shop.OrderPlaced"}
    assert sorted(event["types"]) == ["shop.Line", "shop.OrderPlaced"]
    assert event["types"]["shop.OrderPlaced"]["required"] == ["number", "lines", "how"]
    first = (folder / "hookyard.lock.json").read_bytes()
    assert lock(hookyard, folder).read_bytes() == first
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert (ended.code, ended.out) == (0, f"{folder / 'hookyard.lock.json'}: nothing has changed\n")


def test_the_checksum_of_a_lock_changes_with_its_events_and_that_of_clients_does_not(
    hookyard: Call, folder: Path
) -> None:
    def checksums() -> tuple[str, ...]:
        ended = hookyard("schema", "lock", folder / "config.yaml")
        assert ended.code == 0
        assert "of the commands alone, as clients carry it, sha256:" in ended.err
        return tuple(re.findall("sha256:([0-9a-f]{64})", ended.err))

    before = checksums()
    assert checksums() == before
    change(folder, "count: int", "count: str")
    after = checksums()
    assert (len(before), before[1]) == (2, after[1])
    assert before[0] not in {*after, before[1]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    number: int\n", "", "/properties/number: the field is gone"),
        ("number: int", "number: int | str", "/properties/number: "),
        ("number: int", "number: str", "/properties/number: the type was an integer and is text"),
        ('"card", "cash"]', '"card", "cash"]\n    paid: bool = True', ""),
        ('    how: Literal["card", "cash"]', '    how: Literal["card", "cash"] = "card"', "/properties/how: "),
        ('"card", "cash"]', '"card", "cash", "coin"]', "/properties/how: "),
        ('"card", "cash"]', '"card"]', ""),
        ("    count: int", "    count: int\n    note: str", ""),
        ("    count: int", "    count: int | None", "/properties/lines/items/properties/count: "),
        ("    count: int\n", "", "/properties/lines/items/properties/count: the field is gone"),
        ("Line", "Row", ""),
    ],
)
def test_what_breaks_those_who_read_an_event_is_refused_and_what_adds_is_not(
    hookyard: Call, folder: Path, old: str, new: str, said: str
) -> None:
    file = lock(hookyard, folder)
    change(folder, old, new)
    ended = hookyard("schema", "check", folder / "config.yaml")
    if not said:
        assert (ended.code, ended.err) == (0, "")
        return
    assert ended.code == 65
    place, *rest = ended.err.splitlines()
    assert place.startswith(f"shop/order.placed event {said}")
    assert place.endswith(" (breaks)")
    assert rest[0] == f"1 changes break receivers of what {file} promised."
    (told,) = json.loads(hookyard("schema", "check", "--json", folder / "config.yaml").out)["changes"]
    assert (told["name"], told["side"], told["breaking"]) == ("shop/order.placed", "event", True)
    lock(hookyard, folder)
    assert hookyard("schema", "check", folder / "config.yaml").code == 0


def test_an_event_that_is_gone_breaks_and_a_new_one_does_not(hookyard: Call, folder: Path) -> None:
    lock(hookyard, folder)
    change(folder, "order.placed", "order.made")
    ended = hookyard("schema", "check", "-v", folder / "config.yaml")
    assert ended.code == 65
    assert ended.err.startswith("shop/order.placed event: the event is gone (breaks)\n")
    assert "shop/order.made event: the event is new\n" in ended.out
    (folder / "config.yaml").write_text("plugin_dirs: [plugins]\nplugins: {shop: {enabled: false}}\n")
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.err.startswith("shop/order.placed event: the event is gone: its plugin is disabled (breaks)\n")


def test_a_lock_of_before_events_is_read_and_has_them_at_its_next_writing(hookyard: Call, folder: Path) -> None:
    file = lock(hookyard, folder)
    held = json.loads(file.read_text())
    del held["events"]
    file.write_text(json.dumps(held))
    ended = hookyard("schema", "check", "-v", folder / "config.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("shop/order.placed event: the event is new\n")
    assert "`hookyard schema lock" in ended.out
    assert list(json.loads(lock(hookyard, folder).read_text())["events"]) == ["shop/order.placed"]


def test_the_events_of_a_plugin_in_workers_are_locked_as_those_of_an_imported_one(hookyard: Call, folder: Path) -> None:
    first = lock(hookyard, folder).read_bytes()
    (folder / "config.yaml").write_text("plugin_dirs: [plugins]\nplugins: {shop: {isolation: worker}}\n")
    assert json.loads(lock(hookyard, folder).read_bytes())["events"] == json.loads(first)["events"]


def test_the_events_of_an_executable_are_locked_too(hookyard: Call, folder: Path) -> None:
    (folder / "plugins" / "till").write_text(SCRIPT)
    (folder / "plugins" / "till").chmod(0o755)
    manifest = folder / "plugins" / "till.plugin.yaml"
    manifest.write_text(MANIFEST)
    lock(hookyard, folder)
    manifest.write_text(MANIFEST.replace("required: [at]", "required: [by]"))
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 65
    assert ended.err.startswith("till/till.opened event /properties/at: ")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ({"shop": {"data": {}}}, "/events/shop: 'shop' is no plugin/type"),
        ({"a/b": {"data": {"type": 3}}}, "/events/a~1b/data/type: it must be one word of JSON Schema's"),
        ({"a/b": {"data": {"$ref": "#/types/a.X"}}}, "/events/a~1b/data/$ref: #/types/a.X is not there"),
        (
            {"a/b": {"data": {}, "types": {"a.X": {"$ref": "#/types/a.X"}}}},
            "/events/a~1b/types/a.X: the type refers to itself and to nothing else",
        ),
        (
            {"a/b": {"data": {}, "types": {"a.X": {"items": 3}}}},
            "/events/a~1b/types/a.X/items: a schema is an object here",
        ),
    ],
)
def test_a_lock_whose_events_are_none_is_refused_with_the_place(
    hookyard: Call, folder: Path, events: object, said: str
) -> None:
    file = lock(hookyard, folder)
    held = json.loads(file.read_text())
    file.write_text(json.dumps(held | {"events": events}))
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 78
    assert said in ended.err
