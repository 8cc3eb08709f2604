"""`hookyard dev` takes up what is saved, says what is wrong with it, and never dies of it."""

import json
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.e2e.lab import PATIENCE, TOKEN, Server


class Dev:
    """The command, and what it says."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hookyard", "dev", "config.yaml"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self._lines.put(line)

    @property
    def said_more(self) -> bool:
        return not self._lines.empty()

    def says(self, pattern: str) -> re.Match[str]:
        """Wait for a line."""
        seen: list[str] = []
        while True:
            try:
                seen.append(self._lines.get(timeout=PATIENCE))
            except queue.Empty:
                raise AssertionError(f"it did not say {pattern}: {seen}") from None
            if found := re.search(pattern, seen[-1]):
                return found

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


@pytest.fixture
def folder(server: Server) -> Path:
    """A configuration and a plugin that are not served yet."""
    (server.folder / "config.yaml").write_text(json.dumps(server.config))
    return server.folder


@pytest.fixture
def dev(folder: Path) -> Iterator[Dev]:
    found = Dev(folder)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.wait(PATIENCE)


def test_what_is_saved_is_taken_up_and_what_is_wrong_is_said(dev: Dev, folder: Path) -> None:
    base = dev.says(r'"url":"(.*?)"')[1]
    dev.says("watching config.yaml")
    plugin = folder / "plugins" / "lab.py"
    source = plugin.read_text()

    def double() -> int:
        answer = httpx.post(
            f"{base}/trigger/lab/double",
            json={"payload": {"n": 2}},
            headers={"authorization": f"Bearer {TOKEN}", "prefer": "wait=20"},
            trust_env=False,
            timeout=PATIENCE,
        )
        found: int = answer.json()["result"]["n"]
        return found

    plugin.write_text(source.replace("data.n * 2", "data.n * 3"))
    (folder / "plugins" / "second.py").write_text(source.replace('Plugin("lab")', 'Plugin("second")'))
    dev.says("added: second")
    plugin.write_text("import nothing_of_this_name")
    dev.says("not reloaded")
    dev.says(r"plugins\.lab: plugins/lab\.py would be failed: ModuleNotFoundError: .*lab\.py:1")
    assert double() == 6
    plugin.write_text(source.replace("data.n * 2", "data.n * 4"))
    dev.says("changed: lab")
    assert double() == 8
    config = json.loads((folder / "config.yaml").read_text())
    (folder / "config.yaml").write_text(json.dumps(config | {"tokens": 5}))
    dev.says("not reloaded")
    (folder / "config.yaml").write_text(json.dumps(config | {"lanes": {"lab/double": {"limit": 1}}}))
    dev.says("settings: lanes")
    assert double() == 8
    assert dev.end() == 0


def test_a_configuration_that_is_wrong_from_the_start_is_waited_for(folder: Path) -> None:
    right = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text("tokens: 5")
    dev = Dev(folder)
    try:
        dev.says("not started")
        dev.says("config.yaml:1: tokens: ")
        for number in range(300):  # until the watch has begun
            (folder / "config.yaml").write_text(f"{right}\n# {number}")
            threading.Event().wait(0.1)
            if dev.said_more:
                break
        dev.says("listening")
        assert dev.end() == 0
    finally:
        if dev.process.poll() is None:
            dev.process.kill()
            dev.process.wait(PATIENCE)
