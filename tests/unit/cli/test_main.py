"""What holds for every command: help, version, exit codes, messages instead of tracebacks."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from hookyard.cli import app
from hookyard.cli.failure import explain
from hookyard.errors import (
    CannotListen,
    CommandError,
    ConfigError,
    DeclarationError,
    HookyardError,
    Problem,
    Refused,
    StoreError,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
)
from hookyard.inbound.sources import SourcesError

Call = Callable[..., Any]


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(hookyard: Call, flag: str) -> None:
    ended = hookyard(flag)
    assert ended.code == 0
    for name in ("serve", "demo", "check", "schema", "token"):
        assert f"\n  {name} " in ended.out


@pytest.mark.parametrize("command", ["serve", "demo", "check", "schema", "schema config", "token", "token new"])
def test_every_command_explains_itself(hookyard: Call, command: str) -> None:
    ended = hookyard(*command.split(), "--help")
    assert ended.code == 0
    assert f"Usage: hookyard {command} " in ended.out


def test_the_version_is_that_of_the_package(hookyard: Call) -> None:
    ended = hookyard("--version")
    assert (ended.code, ended.out) == (0, f"hookyard {version('hookyard')}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["--nope"],
        ["check"],
        ["schema", "config", "--nope"],
        ["token", "old"],
        ["serve", "c.yaml", "--port", "99999"],
        ["serve", "c.yaml", "--port", "-1"],
        ["demo", "--once", "--port", "65536"],
    ],
)
def test_a_wrong_command_line_exits_with_2_and_says_so_on_standard_error(hookyard: Call, arguments: list[str]) -> None:
    ended = hookyard(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err
    assert ended.out == ""


def test_help_loads_nothing_of_the_server() -> None:
    code = "import sys, hookyard.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = {"litestar", "uvicorn", "uvloop", "apsw", "httpx", "httptools", "yaml", "structlog", "asyncio", "rich"}
    assert not heavy & set(loaded)


def test_the_module_is_the_command_too() -> None:
    ended = subprocess.run([sys.executable, "-m", "hookyard", "--version"], check=True, capture_output=True, text=True)
    assert ended.stdout.startswith("hookyard ")


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (ConfigError((Problem("c.yaml", 3, "a.b", "is wrong"),)), 78, ["c.yaml:3: a.b: is wrong"]),
        (SourcesError([("sources.a", "is wrong"), ("b", "too")]), 78, ["hookyard: sources.a: is wrong; b: too"]),
        (DeclarationError("no"), 78, ["hookyard: no"]),
        (CannotListen("no"), 69, ["hookyard: no"]),
        (StoreLocked("no"), 75, ["hookyard: no"]),
        (StoreTooNew("no"), 74, ["hookyard: no"]),
        (StoreError("no"), 74, ["hookyard: no"]),
        (StoreUnavailable("no"), 75, ["hookyard: no"]),
        (Refused("forbidden"), 77, ["hookyard: The credential does not allow this."]),
        (Refused("invalid_event", "Expected `int`", path="$.n"), 65, ["hookyard: Expected `int` ($.n)"]),
        (CommandError("no", code="own"), 70, ["hookyard: no"]),
        (HookyardError("no"), 70, ["hookyard: no"]),
    ],
)
def test_every_error_has_its_exit_code_and_its_lines(error: HookyardError, code: int, lines: list[str]) -> None:
    assert explain(error) == (lines, code)


def test_an_error_becomes_a_message_and_never_a_traceback(hookyard: Call, tmp_path: Path) -> None:
    ended = hookyard("serve", tmp_path / "missing.yaml")
    assert (ended.code, ended.out) == (78, "")
    assert ended.err == f"{tmp_path / 'missing.yaml'}: cannot be read: No such file or directory\n"


def test_a_defect_keeps_its_traceback_without_local_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["hookyard", "schema", "config"])
    monkeypatch.setattr("hookyard.config.schema.json_schema", broken)
    with pytest.raises(ZeroDivisionError):
        app()
    assert app.pretty_exceptions_enable is False


def test_the_schema_is_printed_as_json(hookyard: Call) -> None:
    ended = hookyard("schema", "config")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["properties"]["server"] == {"$ref": "#/$defs/Server"}


def test_the_reference_page_is_printed_as_it_is_committed(hookyard: Call) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"
    assert hookyard("schema", "config", "--markdown").out == page.read_text()
