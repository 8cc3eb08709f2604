"""The plugins of the protocol's page are plugins, and do what the page says."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.docs.test_documents import ROOT, blocks

from hookyard.config import loads
from hookyard.context import JobInfo
from hookyard.errors import CommandError
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.runners.exec import ExecRunner
from hookyard.runners.exec.lines import LINE
from hookyard.runners.exec.runner import STDERR, STDOUT
from hookyard.schema.words import BY_TYPE
from hookyard.testing.port import FakePort
from hookyard.testing.run import FakeCall

Json = Any
PAGE = ROOT / "docs" / "reference" / "exec-protocol.md"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for block in blocks(PAGE):
        if "file" in block.marks:
            target = tmp_path / block.marks["file"]
            target.parent.mkdir(exist_ok=True)
            target.write_text(block.text, "utf-8")
            target.chmod(0o755)
    return load(loads("plugin_dirs: [plugins]\n", name="page", environ={}), tmp_path)


def call(registry: Registry, key: str, data: dict[str, Any], port: FakePort | None = None) -> Json:
    command = registry.commands[key]
    raw = json.dumps(data).encode()
    info = JobInfo(id="j", plugin=command.spec.plugin, command=command.spec.name)
    attempt = FakeCall(command, command.spec.decode(raw), info, 20_000, args=raw, host=port or FakePort())
    return json.loads(asyncio.run(ExecRunner().run(attempt)))


def test_the_plugins_load(registry: Registry) -> None:
    assert [(one.name, one.state, one.reason) for one in registry.plugins if one.kind == "exec"] == [
        ("machine", "active", None),
        ("words", "active", None),
    ]


def test_the_bash_plugin_answers(registry: Registry) -> None:
    port = FakePort()
    assert call(registry, "machine/kernel", {}, port) == {"release": os.uname().release}
    assert [line.event for line in port.lines] == ["asking uname"]


def test_the_python_plugin_answers_and_says_what_is_wrong(registry: Registry) -> None:
    port = FakePort()
    answer = call(registry, "words/count", {"text": "to be or not to be"}, port)
    assert answer == {"to": 2, "be": 2, "or": 1, "not": 1}
    assert port.progress[-1].done == port.progress[-1].total == 6
    assert port.artifacts["words.txt"].data == b"be\nnot\nor\nto"
    assert [(plugin, spec.type) for plugin, spec in registry.events] == [("words", "words.counted")]
    assert [(event.type, event.payload) for event in port.events] == [("words.counted", b'{"words": 6}')]
    with pytest.raises(CommandError, match="There are no words") as caught:
        call(registry, "words/count", {"text": " "})
    assert (caught.value.code, caught.value.retryable) == ("empty", False)


def test_the_figures_and_words_of_the_page_are_those_of_the_code() -> None:
    text = PAGE.read_text("utf-8")
    assert f"A line has {LINE >> 20} MiB at most, all lines of a call together {STDOUT >> 20} MiB" in text
    assert f"{STDERR >> 10} KiB of it" in text
    missing = [word for words in BY_TYPE.values() for word in words if f"`{word}`" not in text]
    assert [word for word in missing if word != "contentEncoding"] == []
