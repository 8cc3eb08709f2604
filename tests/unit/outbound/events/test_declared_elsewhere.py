"""What an executable and a Ductile plugin declare: in the catalogue, held to its schema, and sent as a sample."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.gateway.endpoints.hall import READER, WRITER, Hall, in_hall

OPENED: dict[str, Any] = {
    "description": "Somebody opened it.\n\nAnd more of that.",
    "type": "object",
    "properties": {"at": {"type": "integer", "minimum": 5}, "by": {"type": "string"}},
    "required": ["at"],
}
TILL = """#!/bin/bash
case "$1" in
describe) cat "$0.json" ;;
call)
    if [ "$2" = open ]; then at=7; else at='"noon"'; fi
    echo '{"kind": "event", "type": "till.opened", "payload": {"at": '"$at"'}}'
    echo '{"kind": "result", "output": {}}'
    ;;
esac
"""
MANIFEST = """
manifest_spec: ductile.plugin
manifest_version: 1
name: till
version: 0.1.0
protocol: 2
entrypoint: run.sh
commands:
  - {name: open, type: write}
  - {name: blunder, type: write}
"""
DUCTILE = """#!/bin/bash
case "$(cat)" in
*'"command":"open"'*) at=7 ;;
*) at='"noon"' ;;
esac
echo '{"status": "ok", "result": "done", "events": [{"type": "till.opened", "payload": {"at": '"$at"'}}]}'
"""


def exec_till(folder: Path) -> dict[str, Any]:
    retry = {"attempts": 1}
    commands = [{"name": name, "retry": retry} for name in ("open", "blunder")]
    # Not found as a plugin: what is not executable is none.
    (folder / "till.json").write_text(
        json.dumps({"name": "till", "api": 1, "commands": commands, "events": {"till.opened": OPENED}})
    )
    (folder / "till").write_text(TILL)
    (folder / "till").chmod(0o755)
    return {}


def ductile_till(folder: Path) -> dict[str, Any]:
    home = folder / "till"
    home.mkdir(mode=0o755)
    (home / "manifest.yaml").write_text(MANIFEST)
    (home / "run.sh").write_text(DUCTILE)
    (home / "run.sh").chmod(0o755)
    return {"plugins": {"till": {"events": {"till.opened": OPENED}}}}


@pytest.fixture(params=[exec_till, ductile_till], ids=["exec", "ductile"])
def make(request: pytest.FixtureRequest) -> Callable[[Path], dict[str, Any]]:
    found: Callable[[Path], dict[str, Any]] = request.param
    return found


def in_shop(tmp_path: Path, work: Callable[[Hall], Awaitable[None]], make: Callable[[Path], dict[str, Any]]) -> None:
    folder = tmp_path / "more"
    folder.mkdir(mode=0o755)
    in_hall(tmp_path, work, plugin_dirs=["plugins", "more"], **make(folder))


def test_it_is_told_and_one_with_other_data_fails_its_command(
    tmp_path: Path, make: Callable[[Path], dict[str, Any]]
) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["till.*"])
        await call.run("till/open")
        await call.settled("endpoint=audit", 1)
        body = json.loads(call.receiver.requests[0].body)
        assert (body["type"], body["data"]["payload"]["at"]) == ("till.opened", 7)
        jsonschema.validate(body, (await call("GET", "/event-types/till.opened")).json()["schema"])
        answer = await call("POST", "/jobs", {"plugin": "till", "command": "blunder"}, prefer="wait=30")
        assert (answer.json()["status"], answer.json()["error"]["code"]) == ("failed", "context_error"), answer.text
        assert "Expected `int`, got `str` at $.at" in answer.json()["error"]["message"]
        assert len(await call.deliveries("endpoint=audit")) == 1

    in_shop(tmp_path, work, make)


def test_it_stands_in_the_catalogue_and_with_its_plugin(tmp_path: Path, make: Callable[[Path], dict[str, Any]]) -> None:
    async def work(call: Hall) -> None:
        rows = (await call("GET", "/event-types", None, READER)).json()["event_types"]
        (row,) = [row for row in rows if row["plugin"] == "till"]
        assert (row["type"], row["description"], row["declared"]) == ("till.opened", "Somebody opened it.", True)
        shown = (await call("GET", "/event-types/till.opened", None, READER)).json()
        jsonschema.validate(shown["sample"], shown["schema"])
        (listed,) = [one for one in (await call("GET", "/plugins")).json()["plugins"] if one["name"] == "till"]
        assert listed["events"] == [{"type": "till.opened", "description": "Somebody opened it."}]
        (event,) = (await call("GET", "/plugins/till")).json()["events"]
        assert (event["type"], event["description"]) == ("till.opened", "Somebody opened it.")
        assert "$ref" in event["data"]

    in_shop(tmp_path, work, make)


def test_a_sample_of_it_is_sent(tmp_path: Path, make: Callable[[Path], dict[str, Any]]) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["till.*"])
        sent = await call("POST", "/endpoints/audit/test", {"event": "till.opened"}, WRITER)
        assert sent.status_code == 202, sent.text
        await call.settled("endpoint=audit", 1)
        body = json.loads(call.receiver.requests[0].body)
        assert body == (await call("GET", "/event-types/till.opened")).json()["sample"]
        assert body["data"]["payload"]["at"] == 5

    in_shop(tmp_path, work, make)
