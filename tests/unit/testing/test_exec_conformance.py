import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from hookyard.config.model import PluginSettings
from hookyard.config.values import Duration
from hookyard.testing.exec_conformance import Check, conform

GOOD = """
if sys.argv[1] == "describe":
    print(json.dumps(MANIFEST))
    sys.exit()
request = json.load(sys.stdin)
if sys.argv[2] != "look":
    sys.exit(64)
print(json.dumps({"kind": "result", "output": request["input"]["text"].upper()}))
"""
TELLING = GOOD.replace(
    "print(json.dumps({",
    'print(json.dumps({"kind": "event", "type": "text.seen", "payload": {"n": "x"}}))\nprint(json.dumps({',
)
TEXT: dict[str, Any] = {"type": "string", "examples": ["hello"]}


def manifest(*, read_only: bool = True, text: dict[str, Any] = TEXT) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": text}, "required": ["text"]}
    command = {"name": "look", "input": schema, "output": {"type": "string"}, "read_only": read_only}
    return {"name": "lab", "api": 1, "commands": [command]}


def write(folder: Path, script: str, described: dict[str, Any]) -> Path:
    file = folder / "lab"
    head = (
        f"#!{sys.executable} -SEI\nimport json, os, signal, sys, time\nMANIFEST = json.loads({json.dumps(described)!r})"
    )
    file.write_text(f"{head}\n{script}", "utf-8")
    file.chmod(0o755)
    return file


def test_a_good_plugin_passes_every_check(tmp_path: Path) -> None:
    report = conform(write(tmp_path, GOOD, manifest()))
    assert report.passed, report.failures
    assert [(check.name, check.command, check.outcome) for check in report.checks] == [
        ("describes itself", "", "passed"),
        ("refuses a command that it does not have", "", "passed"),
        ("refuses to run on nothing", "look", "passed"),
        ("answers", "look", "passed"),
        ("ends when it is asked to", "look", "passed"),
    ]


def test_a_command_that_may_change_something_is_called_only_when_asked(tmp_path: Path) -> None:
    script = f"if sys.argv[1:] == ['call', 'look']: open({str(tmp_path / 'ran')!r}, 'w').close()\n{GOOD}"
    file = write(tmp_path, script, manifest(read_only=False))  # the example in its schema is no such wish
    report = conform(file)
    assert [check.outcome for check in report.checks] == ["passed", "passed", "skipped", "skipped"]
    assert not (tmp_path / "ran").exists()
    assert conform(file, examples={"look": {"text": "x"}}).passed
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("more", "why", "given"),
    [
        ({"secrets": ["key"]}, "it declares the secret 'key'", {"secrets": {"key": "k"}}),
        (
            {"config": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}},
            "it needs a configuration: Object missing required field `url`",
            {"settings": PluginSettings(config={"url": "u"})},
        ),
    ],
    ids=["secret", "config"],
)
def test_what_it_cannot_do_without_is_not_held_against_it(
    tmp_path: Path, more: dict[str, Any], why: str, given: dict[str, Any]
) -> None:
    file = write(tmp_path, GOOD, {**manifest(), **more})
    report = conform(file)
    assert report.passed, report.failures
    (skipped,) = [check for check in report.checks if check.outcome == "skipped"]
    assert (skipped.name, skipped.command) == ("answers", "look")
    assert why in skipped.why
    assert [check.outcome for check in conform(file, **given).checks] == ["passed"] * 5


BAD: list[tuple[str, dict[str, Any], Check]] = [
    (
        "print('hello')",
        manifest(),
        Check(name="describes itself", outcome="failed", why="what it prints is not one JSON object"),
    ),
    (
        GOOD.replace("sys.exit(64)", "sys.exit()"),
        manifest(),
        Check(
            name="refuses a command that it does not have", outcome="failed", why="exited with 0 and printed no error"
        ),
    ),
    (
        GOOD.replace("json.load(sys.stdin)", 'json.loads(sys.stdin.read() or \'{"input":{"text":""}}\')'),
        manifest(),
        Check(name="refuses to run on nothing", outcome="failed", why="exited with 0", command="look"),
    ),
    (
        GOOD + "print('{}')",
        manifest(),
        Check(name="answers", outcome="failed", why="line 2 of its output comes after", command="look"),
    ),
    (
        GOOD + "sys.exit(1)",
        manifest(),
        Check(name="answers", outcome="failed", why="it exited with 1 after its result", command="look"),
    ),
    (
        GOOD.replace(".upper()", " and 1"),
        manifest(),
        Check(name="answers", outcome="failed", why="expected `str`, got `int`", command="look"),
    ),
    (
        GOOD,
        manifest(text={"type": "string", "minLength": 9, "examples": ["short"]}),
        Check(name="answers", outcome="failed", why="is not of its own schema", command="look"),
    ),
    (
        TELLING,
        manifest() | {"events": {"text.seen": {"type": "object", "properties": {"n": {"type": "integer"}}}}},
        Check(name="answers", outcome="failed", why="the data of the event 'text.seen' is not what", command="look"),
    ),
]


@pytest.mark.parametrize(("script", "described", "expected"), BAD, ids=[case[2].why for case in BAD])
def test_what_is_wrong_is_found_and_said(
    tmp_path: Path, script: str, described: dict[str, Any], expected: Check
) -> None:
    report = conform(write(tmp_path, script, described))
    first = report.failures[0]
    assert (first.name, first.command) == (expected.name, expected.command)
    assert expected.why in first.why


def test_one_that_does_not_end_is_found(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD + "time.sleep(60)\n", manifest())
    # A program begins with what its parent ignores: it would else be asked to end before it can say so itself.
    handled = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        report = conform(file, settings=PluginSettings(grace=Duration(100)), timeout=3.0)
    finally:
        signal.signal(signal.SIGTERM, handled)
    assert [(check.name, check.outcome) for check in report.failures] == [
        ("answers", "failed"),
        ("ends when it is asked to", "failed"),
    ]
    assert "longer than 3 s" in report.failures[0].why
    assert "was killed" in report.failures[1].why


def test_a_folder_can_be_checked_too(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    write(folder, GOOD, manifest()).rename(folder / "run")
    (folder / "plugin.yaml").write_text(json.dumps({**manifest(), "run": "run"}), "utf-8")
    assert conform(folder).passed
