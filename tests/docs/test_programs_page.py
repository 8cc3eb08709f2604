"""The plugin on the page about programs does what the page says."""

import asyncio
import inspect
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.docs.test_documents import ALL

from hookyard import Cancelled, CommandError, programs
from hookyard.testing import FakeContext, FakeSyncContext

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "programs.md"


def shown(plugin: str) -> dict[str, Any]:
    (text,) = [block.text for block in ALL if block.page.name == PAGE.name and f'Plugin("{plugin}"' in block.text]
    names: dict[str, Any] = {"__name__": plugin}
    exec(compile(text, PAGE.name, "exec"), names)  # noqa: S102  it is our own page
    return names


def test_the_plugin_shown_counts_and_says_why_it_cannot(tmp_path: Path) -> None:
    names = shown("repos")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True, env=env)
    for _ in range(3):
        subprocess.run(
            ["git", "-C", str(tmp_path), *who, "commit", "-q", "--allow-empty", "-m", "x"], check=True, env=env
        )
    ctx = FakeContext(config=names["Config"](str(tmp_path)))
    assert asyncio.run(names["count"](names["Count"]("main"), ctx)).number == 3
    with pytest.raises(CommandError) as caught:
        asyncio.run(names["count"](names["Count"]("none"), ctx))
    assert caught.value.code == "git_failed"
    assert "bad revision" in str(ctx.host.lines[0].values["said"])


def test_the_plugin_shown_for_threads_packs_and_can_be_stopped(tmp_path: Path) -> None:
    names = shown("tidy")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True, env=env)
    folder = names["Folder"](str(tmp_path))
    ctx = FakeSyncContext()
    assert names["tidy"](folder, ctx) == names["Tidied"]()
    ctx.cancel()
    with pytest.raises(Cancelled):
        names["tidy"](folder, ctx)


def test_every_argument_is_in_the_table() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"\w+", row)]
    assert named == list(inspect.signature(programs.run).parameters)
    assert {*named, "stop"} == inspect.signature(programs.run_blocking).parameters.keys()
