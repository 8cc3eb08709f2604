"""What lists a plugin's commands lists its declared events too, and a filter that is nearly one of them is doubted."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Ended

Call = Callable[..., Ended]
PLUGIN = """
from msgspec import Struct
from hookyard import Plugin


class OrderPlaced(Struct):
    '''Somebody ordered something.'''
    number: int


plugin = Plugin("shop", events={"order.placed": OrderPlaced})
"""
TILL = """#!/bin/bash
[ "$1" = describe ] || exit 64
echo '{"name": "till", "api": 1, "commands": [{"name": "ring"}], "events": {"till.opened": {"type": "object"}}}'
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "shop.py").write_text(PLUGIN)
    (tmp_path / "plugins" / "till").write_text(TILL)
    (tmp_path / "plugins" / "till").chmod(0o755)
    path = tmp_path / "c.yaml"
    path.write_text(f"""\
plugin_dirs: [plugins]
tokens: [{{name: ci, sha256: '{"0" * 64}', scopes: [admin]}}]
endpoints:
  a:
    url: https://a.example/
    secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
    events:
      - order.*
      - till.opend
      - parcel.sent
""")
    return path


def test_a_check_lists_them_and_warns_of_a_filter_that_is_nearly_one(hookyard: Call, file: Path) -> None:
    ended = hookyard("check", file)
    assert ended.code == 0, ended.err
    place = f"{file}:9: endpoints.a.events[1]"
    assert ended.err == f"{place}: no plugin declares such an event; did you mean till.opened? (warning)\n"
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    at = lines.index("events order.placed of shop")
    assert lines[at + 1] == "till.opened of till"
    told = json.loads(hookyard("check", "--json", file).out)
    assert told["events"] == [{"event": "order.placed", "plugin": "shop"}, {"event": "till.opened", "plugin": "till"}]
    assert [warning["path"] for warning in told["warnings"]] == ["endpoints.a.events[1]"]


def test_a_check_warns_of_a_filter_that_finds_no_command(hookyard: Call, file: Path) -> None:
    """Such an endpoint would be told nothing, and nobody that it is not."""
    file.write_text(file.read_text() + "    commands: [till/*, tll/*]\n")
    ended = hookyard("check", file)
    assert ended.code == 0, ended.err
    place = f"{file}:11: endpoints.a.commands[1]"
    assert f"{place}: matches no command; did you mean till/*? (warning)\n" in ended.err
    assert "commands[0]" not in ended.err


SEVERAL = "[order.placed, till.opened]"
UNSIGNED = "with envelope: payload no signature covers the type of an event"


@pytest.mark.parametrize(
    ("rules", "default", "place"),
    [
        ("events: ['order.*'], envelope: payload", "standard", "envelope"),
        (f"events: {SEVERAL}, envelope: payload, signature: plain", "standard", "envelope"),
        (f"events: {SEVERAL}", "payload", "events"),
        ("events: [order.placed], envelope: payload", "standard", None),
        (f"events: {SEVERAL}, envelope: payload, http_signature: true", "payload", None),
        (f"events: {SEVERAL}, envelope: standard", "payload", None),
        (f"events: {SEVERAL}, envelope: cloudevents", "payload", None),
    ],
)
def test_a_check_warns_where_one_event_can_be_passed_off_as_another(
    hookyard: Call, file: Path, rules: str, default: str, place: str | None
) -> None:
    head, _, _ = file.read_text().partition("endpoints:")
    one = f"{{url: 'https://a.example/', secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw], {rules}}}"
    file.write_text(f"{head}endpoints: {{a: {one}}}\noutbound: {{envelope: {default}}}\n")
    ended = hookyard("check", "--json", file)
    assert ended.code == 0, ended.err
    told = [(each["path"], each["message"].startswith(UNSIGNED)) for each in json.loads(ended.out)["warnings"]]
    assert told == ([] if place is None else [(f"endpoints.a.{place}", True)])


def test_the_list_of_plugins_has_them(hookyard: Call, file: Path) -> None:
    lines = {line.split()[0]: line for line in hookyard("plugins", "list", "-c", file).out.splitlines()}
    assert lines["shop"].endswith("  emits order.placed")
    assert lines["till"].endswith("  ring; emits till.opened")
    listed = json.loads(hookyard("plugins", "list", "--json", "-c", file).out)["plugins"]
    (shop,) = [one for one in listed if one["name"] == "shop"]
    assert shop["events"] == [{"type": "order.placed", "description": "Somebody ordered something."}]


def test_a_check_of_one_plugin_names_them(hookyard: Call, file: Path) -> None:
    ended = hookyard("plugins", "check", file.parent / "plugins" / "till")
    assert "till: in order (exec, 1 commands: ring; emits till.opened)\n" in ended.out
