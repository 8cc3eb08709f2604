"""What is found, and where it is imported from."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.host.lab import GOOD, Yard

from hookyard.config.model import PluginSettings
from hookyard.host.registry import Registry

Project = Callable[..., Path]


def _states(registry: Registry) -> dict[str, str]:
    """Of all but what happens to be installed where the tests run."""
    return {record.name: record.state for record in registry.plugins if record.state != "available"}


def test_files_packages_and_projects_are_found_in_the_order_of_their_names(yard: Yard, project: Project) -> None:
    yard.write("b.py")
    yard.write("a/__init__.py")
    project("c", module="yard_c")
    project("d", module="yard_d", src=False)
    registry = yard.load()
    assert list(_states(registry).items()) == [("a", "active"), ("b", "active"), ("c", "active"), ("d", "active")]
    assert list(registry.commands) == ["a/run", "b/run", "c/run", "d/run"]


@pytest.mark.parametrize(
    "path", ["a.py", "a.sh", "a/__init__.py", "a/plugin.yaml", "a/manifest.yaml", "a/pyproject.toml"]
)
def test_a_pipe_in_a_plugin_folder_holds_nobody_up(yard: Yard, path: str) -> None:
    pipe = yard.plugins / path
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    yard.write("b.py")
    states = _states(yard.load())
    assert states.pop("a", "failed") == "failed"
    assert states == {"b": "active"}


def test_a_plugin_folder_may_be_a_project_itself(yard: Yard, project: Project) -> None:
    project("c", module="yard_c")
    assert _states(yard.load(dirs=("plugins/c",))) == {"c": "active"}


def test_what_begins_with_a_dot_or_an_underscore_and_what_is_no_python_is_left_alone(yard: Yard) -> None:
    for name in ("_private.py", ".hidden.py", "notes.txt", "__pycache__/x.py", "data/file.json", "_p/__init__.py"):
        yard.write(name, "raise RuntimeError")
    assert _states(yard.load()) == {}


def test_a_record_says_where_the_plugin_is_and_which_version(yard: Yard, project: Project) -> None:
    yard.write("a.py", GOOD.format(name="a").replace('Plugin("a")', 'Plugin("a", version="1.0")'))
    project("c", module="yard_c")
    first, second = yard.record("a"), yard.record("c")
    assert (first.origin, first.version, first.reason) == ("plugins/a.py", "1.0", None)
    assert (second.origin, second.version) == ("plugins/c", "3.2")


def test_modules_of_the_same_name_in_two_packages_do_not_meet(yard: Yard) -> None:
    for name in ("a", "b"):
        yard.write(f"{name}/helper.py", f"WHO = {name!r}")
        source = GOOD.format(name=name).replace("x: int = 0", "x: int = 0; who: str = WHO")
        yard.write(f"{name}/__init__.py", "from .helper import WHO\n" + source)
    registry = yard.load()
    assert [getattr(registry.commands[f"{name}/run"].spec.decode(b"{}"), "who", "") for name in "ab"] == ["a", "b"]
    assert "helper" not in sys.modules


def test_a_file_called_as_a_module_of_the_standard_library_hides_nothing(yard: Yard) -> None:
    yard.write("json.py")
    assert _states(yard.load()) == {"json": "active"}
    assert "plugins" not in str(sys.modules["json"].__file__)


def test_a_project_imports_its_own_modules_by_their_full_name_and_adds_nothing_to_the_path(
    yard: Yard, project: Project
) -> None:
    package = project("c", module="yard_c", source="from yard_c.inner import plugin as plugin")
    (package / "inner.py").write_text(GOOD.format(name="c"))
    before = list(sys.path)
    assert _states(yard.load()) == {"c": "active"}
    assert sys.path == before


def test_two_projects_with_one_module_name_each_have_their_own(yard: Yard, project: Project) -> None:
    for name in ("c", "d"):
        package = project(name, module="yard_same", source="from yard_same.inner import plugin as plugin")
        (package / "inner.py").write_text(GOOD.format(name=name))
    assert _states(yard.load()) == {"c": "active", "d": "active"}
    assert "yard_same" not in sys.modules


def test_loading_again_sees_the_new_file(yard: Yard) -> None:
    yard.write("a.py")
    assert "a/run" in yard.load().commands
    yard.write("a.py", GOOD.format(name="a").replace("async def run", "async def run_differently"))
    assert "a/run_differently" in yard.load().commands


def test_a_project_file_that_cannot_be_read_is_a_failed_plugin(yard: Yard) -> None:
    yard.write("broken/pyproject.toml", "[project\n")
    record = yard.record("broken")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.startswith("pyproject.toml cannot be read")


@pytest.mark.parametrize("value", [":plugin", "a b:plugin", "yard_c:", "..c:plugin", "c:x.y", "/c"])
def test_an_entry_point_that_names_no_variable_is_a_failed_plugin(
    yard: Yard, installed: Path, project: Project, value: str
) -> None:
    project("c", module="yard_c")
    for file in (
        yard.base / "site" / "yard_dist-2.1.dist-info" / "entry_points.txt",
        yard.plugins / "c/pyproject.toml",
    ):
        file.write_text(re.sub(r"yard\w+(\.inner)?:plugin", value, file.read_text()))
    expected = None if value == "yard_c:" else f"the entry point is {value!r}, and must be module:variable"
    assert yard.record("c").reason == expected
    if expected is not None:
        assert yard.record("yarder", yarder=PluginSettings()).reason == expected


def test_a_project_that_is_no_plugin_is_a_package_or_nothing(yard: Yard) -> None:
    yard.write("lib/pyproject.toml", "[project]\nname = 'lib'\n")
    yard.write("pack/pyproject.toml", "[tool.x]\n")
    yard.write("pack/__init__.py")
    assert _states(yard.load()) == {"pack": "active"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with an entry point, as an installer leaves it; importing it writes a file."""
    site = tmp_path / "site"
    info = site / "yard_dist-2.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: yard-dist\nVersion: 2.1\nRequires-Dist: hookyard>=0.1\n"
    )
    (info / "entry_points.txt").write_text("[hookyard]\nyarder = yard_dist.inner:plugin\n")
    package = site / "yard_dist"
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    (package / "inner.py").write_text(GOOD.format(name="yarder"))
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    return tmp_path / "imported"


def test_an_installed_plugin_that_the_configuration_does_not_name_is_available_and_not_imported(
    yard: Yard, installed: Path
) -> None:
    record = yard.record("yarder")
    assert (record.state, record.version) == ("available", "2.1")
    assert record.origin == "entry point yard_dist.inner:plugin of yard-dist 2.1"
    assert not installed.exists()


def test_an_installed_plugin_runs_when_the_configuration_names_it(yard: Yard, installed: Path) -> None:
    registry = yard.load(yarder=PluginSettings())
    assert "yarder/run" in registry.commands
    assert registry.problems == ()
    assert installed.exists()


def test_an_installed_plugin_that_is_disabled_is_not_imported(yard: Yard, installed: Path) -> None:
    assert yard.record("yarder", yarder=PluginSettings(enabled=False)).state == "disabled"
    assert not installed.exists()


def test_a_plugin_in_a_folder_runs_in_place_of_an_installed_one_of_its_name(yard: Yard, installed: Path) -> None:
    yard.write("yarder.py")
    records = [record for record in yard.load(yarder=PluginSettings()).plugins if record.name == "yarder"]
    assert [record.state for record in records] == ["active", "available"]
    assert records[1].reason == "installed; plugins/yarder.py has its name and runs in its place"
    assert not installed.exists()


def test_a_project_folder_that_is_also_installed_in_place_is_one_plugin(
    yard: Yard, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = project("twice", module="yard_twice")
    info = package.parent / "yard_twice-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: yard-twice\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hookyard]\ntwice = yard_twice:plugin\n")
    monkeypatch.setattr(sys, "path", [str(package.parent), *sys.path])
    assert yard.record("twice", twice=PluginSettings()).state == "active"
