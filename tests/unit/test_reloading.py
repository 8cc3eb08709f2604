"""What of a new configuration holds without a restart."""

import asyncio
import hashlib
import sys
import threading
from pathlib import Path

import pytest
import structlog.testing

from hookyard.config import Config, Loaded, load_file, loads
from hookyard.errors import ConfigError, Refused
from hookyard.host.registry import Registry
from hookyard.host.scope import PRIVATE
from hookyard.reloading import effective, one_at_a_time, read_in_time


def config(text: str) -> Config:
    return loads(text, environ={})


def test_the_same_configuration_changes_nothing() -> None:
    same = config("server: {port: 1}\nlanes: {a/b: {limit: 1}}\n")
    assert effective(same, config("server: {port: 1}\nlanes: {a/b: {limit: 1}}\n")) == (same, (), ())


def test_what_rooms_are_built_from_once_stays_and_is_named() -> None:
    running = config("server: {port: 1}\n")
    wanted = config(
        "server: {port: 2}\nstore: {path: x.db}\nlog: {level: debug}\noutbound: {timeout: 9s}\n"
        "jobs: {lease: 9s, drain: 1s, timeout: 5s}\nartifacts: {path: blobs, max_size: 1MiB}\nrequire_types: true\n"
    )
    made, holds, waiting = effective(running, wanted)
    assert waiting == (
        *("server.port", "store.path", "log.level", "outbound.timeout"),
        *("jobs.lease", "jobs.drain", "artifacts.path"),
    )
    assert holds == ("jobs", "artifacts", "require_types")
    assert (made.server.port, made.store.path, made.jobs.lease) == (1, "hookyard.db", running.jobs.lease)
    assert (made.jobs.timeout.text, made.artifacts.path, made.artifacts.max_size.text) == ("5s", "artifacts", "1MiB")


def test_what_waits_for_a_restart_is_named_again_by_every_reload() -> None:
    running, wanted = config("server: {port: 1}\n"), config("server: {port: 2}\n")
    made, _, waiting = effective(running, wanted)
    assert effective(made, wanted)[2] == waiting == ("server.port",)
    assert effective(made, running) == (running, (), ())


WAITS = """
import threading
from hookyard import Plugin
began, go = threading.began, threading.go
began.set()
go.wait()
plugin = Plugin("waits")
threading.ended.set()
"""


@pytest.fixture
def waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """A configuration with one plugin whose import lasts until `threading.go` is set."""
    for name in ("began", "go", "ended"):
        monkeypatch.setattr(threading, name, threading.Event(), raising=False)
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "waits.py").write_text(WAITS)
    token = f"tokens: [{{name: ci, sha256: {hashlib.sha256(b'x').hexdigest()}, scopes: [admin]}}]"
    (tmp_path / "config.yaml").write_text(f"plugin_dirs: [plugins]\n{token}\n")
    return load_file(tmp_path / "config.yaml")


def test_a_reload_says_which_plugin_it_waits_for_and_gives_up_on_it(waits: Loaded) -> None:
    with structlog.testing.capture_logs() as lines, pytest.raises(ConfigError) as caught:
        asyncio.run(read_in_time(lambda: waits, Registry(), told=0.05, longest=2))
    # It may have taken as long already before it came to the plugin.
    assert [line["event"] for line in lines if line.get("plugin") == "waits"][:1] == ["reload.slow"]
    (problem,) = caught.value.problems
    assert problem.path == "plugins.waits"
    assert problem.message == "it is still being imported after 2 s; nothing was changed"

    # The next one begins anew, and what the first one made in the end is forgotten.
    go, ended = vars(threading)["go"], vars(threading)["ended"]
    first = {name for name in sys.modules if name.startswith(f"{PRIVATE}waits")}
    assert len(first) == 1
    go.set()
    assert ended.wait(30)
    thread = next((each for each in threading.enumerate() if each.name == "hookyard-reload"), None)
    if thread is not None:
        thread.join(30)
    assert not first & set(sys.modules)
    _, assembly = asyncio.run(read_in_time(lambda: waits, Registry()))
    assert [each.plugin.name for each in assembly.registry.active] == ["waits"]


def test_a_reload_waits_for_an_earlier_one_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.reloading.TOLD", 0.05)
    entered: list[str] = []

    async def story() -> None:
        lock = asyncio.Lock()
        async with one_at_a_time(lock):
            with pytest.raises(Refused) as caught:
                async with one_at_a_time(lock):
                    entered.append("both")
            assert caught.value.code == "reloading"
        async with one_at_a_time(lock):
            entered.append("after")

    asyncio.run(story())
    assert entered == ["after"]
