"""`hookyard plugins new`: what it writes works at once, and it writes over nothing."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookyard.host.discovery import at_path
from hookyard.host.load import load_alone
from hookyard.testing.exec_conformance import conform

Call = Callable[..., Any]
KINDS = {
    "file": ["--kind", "file"],
    "package": ["--kind", "package"],
    "exec": ["--kind", "exec"],
    "exec in bash": ["--kind", "exec", "--language", "bash"],
}
NAMES = {"file": "post_card", "package": "post_card", "exec": "post-card", "exec in bash": "post-card"}
PYTHON = ["file", "package"]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of every kind."""
    made: dict[str, Path] = {}
    for kind, options in KINDS.items():
        folder = tmp_path_factory.mktemp("projects")
        command = [sys.executable, "-m", "hookyard", "plugins", "new", NAMES[kind], *options, "--dir", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        made[kind] = folder / NAMES[kind]
    return made


def _run(folder: Path, *command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_of_a_new_project_pass_at_once(projects: dict[str, Path], kind: str) -> None:
    _run(projects[kind], "pytest", "-q", "-W", "error", "-p", "no:cacheprovider")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", PYTHON)
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers_have_nothing_against_it_in_strict_mode(
    projects: dict[str, Path], kind: str, checker: str
) -> None:
    _run(projects[kind], checker, *([f"--pythonpath={sys.executable}"] if checker == "pyright" else []))


@pytest.mark.parametrize("kind", KINDS)
def test_ruff_has_nothing_against_it(projects: dict[str, Path], kind: str) -> None:
    _run(projects[kind], "ruff", "check", "--no-cache", "--select=E,F,I,UP,B,SIM,RUF", ".")
    _run(projects[kind], "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_takes_it_from_the_configuration_beside_it(
    projects: dict[str, Path], kind: str, hookyard: Call
) -> None:
    ended = hookyard("plugins", "list", "--config", projects[kind] / "hookyard.yaml")
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if line.startswith(NAMES[kind])]
    assert line.split()[1] == "active"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_to_be_filled_in(projects: dict[str, Path], kind: str) -> None:
    ours = (path for path in projects[kind].rglob("*") if path.is_file())
    # Type checkers and Python may have left their caches.
    files = [path for path in ours if not any(part.startswith((".", "__pyc")) for part in path.parts)]
    assert len(files) >= 5
    assert [path for path in files if "{{" in path.read_text(encoding="utf-8")] == []
    assert [path for path in files if path.suffix == ".txt" or "__name__" in path.name] == []


@pytest.mark.parametrize("kind", ["exec", "exec in bash"])
def test_an_executable_keeps_to_the_protocol(projects: dict[str, Path], kind: str) -> None:
    examples = {"greet": {"name": "Ada"}} if kind == "exec" else {}
    assert conform(projects[kind] / "plugins" / NAMES[kind], examples=examples).passed


def test_a_package_has_the_entry_point_that_hookyard_looks_for(projects: dict[str, Path]) -> None:
    project = tomllib.loads((projects["package"] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["hookyard"] == {"post_card": "hookyard_post_card:plugin"}
    assert project["name"] == "hookyard-post-card"
    (candidate,) = at_path(projects["package"])
    assert load_alone(candidate)[0].state == "active"


def test_the_next_three_commands_are_printed(hookyard: Call, tmp_path: Path) -> None:
    ended = hookyard("plugins", "new", "fresh", "--dir", tmp_path)
    assert ended.code == 0
    assert [line.strip() for line in ended.out.partition("Now:")[2].split("\n") if line] == [
        f"cd {tmp_path / 'fresh'}",
        "pytest",
        "hookyard plugins check plugins/fresh.py",
    ]


def test_nothing_is_written_over(hookyard: Call, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    ended = hookyard("plugins", "new", "mine", "--dir", tmp_path)
    assert ended.code == 64
    assert "is there already; nothing was written" in ended.err
    assert [(path.name, path.read_text()) for path in (tmp_path / "mine").iterdir()] == [("README.md", "mine")]


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("Post", "file", "no plugin name"),
        ("../up", "exec", "no plugin name"),
        ("post-card", "file", "take 'post_card'"),
        ("post-card", "package", "take 'post_card'"),
        ("json", "file", "a module of Python's own"),
        ("class", "file", "a word of the Python language"),
        ("hookyard", "exec", "Hookyard's own name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(
    hookyard: Call, tmp_path: Path, name: str, kind: str, why: str
) -> None:
    ended = hookyard("plugins", "new", name, "--kind", kind, "--dir", tmp_path / "inside")
    assert ended.code == 64
    assert why in ended.err
    assert list(tmp_path.iterdir()) == []


def test_only_an_executable_is_written_in_another_language(hookyard: Call, tmp_path: Path) -> None:
    ended = hookyard("plugins", "new", "fresh", "--language", "bash", "--dir", tmp_path)
    assert ended.code != 0
    assert "--kind exec" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(hookyard: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = hookyard("plugins", "new", "fresh", "--dir", tmp_path / "file")
    assert ended.code == 64
    assert "cannot be made: not a directory" in ended.err
