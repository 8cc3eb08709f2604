"""The documentation does what it says: its files load, its commands run, its links lead somewhere."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest
from tests.ports import free_ports

from hookyard.config import loads
from hookyard.host.load import load
from hookyard.model import TERMINAL
from hookyard.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<marks>[^\n]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the `key=value` or plain words behind it, and what it holds."""

    page: Path
    language: str
    marks: dict[str, str]
    text: str


def blocks(page: Path) -> Iterator[Block]:
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        words = [mark.partition("=") for mark in found["marks"].split()]
        lines = [line.removeprefix(found["indent"]) for line in found["text"].splitlines()]
        yield Block(page, found["language"], {name: value for name, _, value in words}, "\n".join(lines) + "\n")


ALL = [block for page in PAGES for block in blocks(page)]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert [page for page in pages if page != "README.md" and f"({page})" not in index] == []


@pytest.mark.parametrize("block", [one for one in ALL if one.language == "python"], ids=lambda one: named(one.page))
def test_every_python_block_compiles(block: Block) -> None:
    compile(block.text, named(block.page), "exec")


@pytest.mark.parametrize("block", [one for one in ALL if "check" in one.marks], ids=lambda one: named(one.page))
def test_every_configuration_shown_loads(block: Block) -> None:
    assert block.language == "yaml"
    loads(block.text, name=named(block.page), environ={})


def test_every_yaml_block_is_loaded_by_one_of_these_tests() -> None:
    assert [block for block in ALL if block.language == "yaml" and not block.marks] == []


def test_the_plugin_of_the_readme_has_eleven_lines_and_loads(tmp_path: Path) -> None:
    (block,) = [one for one in blocks(ROOT / "README.md") if one.language == "python" and "file" in one.marks]
    assert len([line for line in block.text.splitlines() if line.strip()]) == 11
    target = tmp_path / block.marks["file"]
    target.parent.mkdir()
    target.write_text(block.text, encoding="utf-8")
    registry = load(loads("plugin_dirs: [plugins]\n", name="readme", environ={}), tmp_path)
    assert ("hello", "active") in [(plugin.name, plugin.state) for plugin in registry.plugins]
    assert list(registry.commands) == ["hello/greet"]


def test_the_log_lines_that_are_explained_are_those_that_are_written() -> None:
    page = (ROOT / "docs" / "how-to" / "read-the-log.md").read_text(encoding="utf-8")
    table = page.partition("## What the lines mean")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    events = {event for cell in cells for event in re.findall(r"`(\w+\.\w+)`", cell)}
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert len(events) >= 10
    assert 'f"job.{end.status}"' in source
    written = {event for event in events if f'"{event}"' in source} | {f"job.{status}" for status in TERMINAL}
    assert events - written == set()


def test_the_queries_for_the_sqlite_shell_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "read-the-log.md").read_text(encoding="utf-8")
    queries = re.findall(r'^sqlite3 -readonly hookyard\.db "(.*)"$', page, re.MULTILINE)
    assert len(queries) == 3

    async def make() -> None:
        store = await SqliteStore.open(tmp_path / "hookyard.db")
        await store.aclose()
        store.close()

    asyncio.run(make())
    connection = apsw.Connection(str(tmp_path / "hookyard.db"))
    try:
        # apsw's own types leave a part of the bindings unknown.
        found = [list(connection.execute(query)) for query in queries]  # pyright: ignore[reportUnknownMemberType]
        assert found == [[], [], []]
    finally:
        connection.close()


# --- the tutorial, walked -----------------------------------------------------------------------------------------


def eventually(what: str, seconds: float = 60.0) -> Iterator[None]:
    """Look again and again; the caller leaves the loop, or the test fails."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)  # between two looks at another process, which cannot tell us
    pytest.fail(f"{what}: not within {seconds:g} s")


ON_PAGE = ("8420", "9000")
"""The ports of the tutorial."""


@dataclass
class Walk:
    """A reader's folder, shell and terminals; the ports are free ones in place of those on the page."""

    folder: Path
    ports: dict[str, str] = field(default_factory=lambda: dict(zip(ON_PAGE, map(str, free_ports(2)), strict=True)))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    def text(self, block: Block) -> str:
        text = block.text
        for shown, free in self.ports.items():
            text = text.replace(shown, free)
        return text

    @property
    def env(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "HOME": str(self.folder)}

    def write(self, block: Block) -> None:
        path = self.folder / block.marks["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(block), encoding="utf-8")

    def run(self, block: Block) -> str:
        """Run it in a shell that knows what the shells before it exported; returns what it printed."""
        script = f"touch .exported; source .exported\n{self.text(block)}export -p > .exported\n"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, block: Block) -> None:
        """Start it in a terminal of its own, and go on when its port takes connections."""
        name, port = block.marks["background"], self.ports[block.marks["port"]]
        with (self.folder / f"{name}.log").open("wb") as out:
            self.running[name] = subprocess.Popen(
                ["bash", "-c", f"source .exported; exec {self.text(block)}"],
                cwd=self.folder,
                env=self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        for _ in eventually(f"{name} listens"):
            assert self.running[name].poll() is None, self.log(name)
            try:
                socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
            except OSError:
                continue
            return

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def stop(self, name: str) -> int:
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout=30)
        finally:
            process.kill()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    missing = [program for program in ("bash", "curl", "openssl", "sed", "grep") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"the tutorial's commands need {', '.join(missing)}")
    walk = Walk(tmp_path)
    yield walk
    for name in list(walk.running):
        walk.stop(name)


def matches(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows, `...` standing for anything."""
    return re.fullmatch(".*".join(map(re.escape, shown.strip().split("..."))), printed.strip(), re.DOTALL) is not None


def test_the_tutorial_works_as_written(walk: Walk) -> None:
    printed, compared = "", 0
    for block in blocks(ROOT / "docs" / "tutorial" / "first-plugin.md"):
        if "file" in block.marks:
            walk.write(block)
        elif "background" in block.marks:
            walk.start(block)
        elif "run" in block.marks:
            printed = walk.run(block)
        elif "output" in block.marks:
            assert matches(block.text, printed), f"shown:\n{block.text}\nprinted:\n{printed}"
            compared += 1
    assert compared >= 5
    for _ in eventually("three verified webhooks arrive"):
        if walk.log("receiver").count('"type":"job.succeeded"') == 3:
            break
    assert '"text":"ada/engine: main moved","commits":1' in walk.log("receiver")
    assert walk.stop("hookyard") == 0, walk.log("hookyard")
