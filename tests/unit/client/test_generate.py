"""The generated client: what it looks like, and what checkers say of it and of its use."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
import msgspec
import pytest
from msgspec import Struct
from tests.unit.gateway.lab import commands_of, house_of

from hookyard import Plugin
from hookyard.client.generate import client_module, lock_of_gateway
from hookyard.errors import ConfigError
from hookyard.schema import Lock, lock_of

HERE: Final = Path(__file__).parent
STRICT = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "reportDeprecated": "warning"}


def module_of(source: str, name: str, folder: Path) -> ModuleType:
    file = folder / f"{name}.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def plugin_of(source: str, name: str, folder: Path) -> Plugin[Any]:
    found: Plugin[Any] = module_of(source, name, folder).plugin
    return found


def lock_of_plugins(*plugins: Plugin[Any]) -> Lock:
    specs = [spec for plugin in plugins for spec in plugin.commands.values()]
    return lock_of(specs, {plugin.name: plugin.version for plugin in plugins})


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Plugin[Any]:
    return plugin_of((HERE / "zoo.txt").read_text(), "zoo_for_clients", tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="module")
def folder(zoo: Plugin[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module, and uses of it that are right and that are wrong."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "client.py").write_text(client_module(lock_of_plugins(zoo), "0.1.0"))
    for name in ("use_right", "use_wrong"):
        (folder / f"{name}.py").write_text((HERE / f"{name}.txt").read_text())
    (folder / "pyrightconfig.json").write_text(json.dumps(STRICT))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, timeout=280, check=False
    )


def mypy(folder: Path) -> set[tuple[str, int]]:
    done = run(
        folder,
        "mypy",
        "--strict",
        "--python-version=3.11",
        "--config-file=",
        "client.py",
        "use_right.py",
        "use_wrong.py",
    )
    found = re.findall(r"^(\w+)\.py:(\d+): error:", done.stdout, re.MULTILINE)
    return {(name, int(line)) for name, line in found}


def pyright(folder: Path) -> set[tuple[str, int]]:
    done = run(folder, "pyright", "--outputjson", f"--pythonpath={sys.executable}")
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = [each for each in found if each["severity"] == "error"]
    return {(Path(each["file"]).stem, each["range"]["start"]["line"] + 1) for each in errors}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_strict_checkers_accept_the_module_and_reject_wrong_use(
    checker: Callable[[Path], set[tuple[str, int]]], folder: Path
) -> None:
    lines = (folder / "use_wrong.py").read_text().splitlines()
    wrong = {("use_wrong", number) for number, line in enumerate(lines, 1) if "  # wrong" in line}
    assert checker(folder) == wrong


def test_ruff_format_leaves_it_as_it_is(folder: Path) -> None:
    text = (folder / "client.py").read_text()
    off, _, rest = text.partition("\n")
    assert off == "# fmt: off"  # so that it stays so in projects with shorter lines
    (folder / "unguarded.txt").write_text(rest)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "--stdin-filename=c.py", "-"],
        input=rest,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == rest


def test_it_needs_msgspec_and_httpx_and_the_standard_library_only(folder: Path) -> None:
    tree = ast.parse((folder / "client.py").read_text())
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"msgspec", "httpx", "typing_extensions"}  # the last for checkers only, where it is built in
    assert "if TYPE_CHECKING:\n    from typing_extensions import deprecated\n" in (folder / "client.py").read_text()


def test_the_same_commands_give_the_same_bytes_whatever_their_order(zoo: Plugin[Any]) -> None:
    specs = list(zoo.commands.values())
    versions = {"zoo": "2"}
    assert client_module(lock_of(specs, versions), "1") == client_module(lock_of(specs[::-1], versions), "1")


def test_its_head_has_the_versions_and_the_digest(zoo: Plugin[Any]) -> None:
    lock = lock_of_plugins(zoo)
    source = client_module(lock, "0.1.0")
    head = ast.get_docstring(ast.parse(source)) or ""
    assert "Hookyard 0.1.0" in head
    assert "zoo 2" in head
    assert lock.digest() in head


def test_declared_events_are_no_part_of_a_client(zoo: Plugin[Any]) -> None:
    class Born(Struct):
        name: str

    lock = lock_of_plugins(zoo)
    declared = Plugin("ark", events={"animal.born": Born}).events.values()
    more = lock_of(zoo.commands.values(), {"zoo": "2", "ark": "1"}, [("ark", spec) for spec in declared])
    assert (more.plugins, list(more.events)) == ({"ark": "1", "zoo": "2"}, ["ark/animal.born"])
    assert client_module(more, "1") == client_module(lock, "1")


def test_a_gateway_and_its_lock_give_the_same_module(zoo: Plugin[Any]) -> None:
    house = house_of(commands=commands_of(zoo))
    document = house.get("/openapi.json", None).json
    document["x-plugins"] = {"zoo": "2"}  # the lab's registry lists no plugins
    found = lock_of_gateway(document, "the lab")
    assert client_module(found, "1") == client_module(lock_of_plugins(zoo), "1")


def test_docstrings_come_from_the_commands_and_deprecated_ones_are_marked(folder: Path) -> None:
    tree = ast.parse((folder / "client.py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    methods = {node.name: node for node in classes["ZooCommands"].body if isinstance(node, ast.FunctionDef)}
    said = ast.get_docstring(methods["build"]) or ""
    assert said.startswith("Build it.")
    assert "It changes nothing." in said
    assert "and a \\d." in (ast.get_docstring(methods["import_"]) or "")
    marks = [ast.unparse(each) for each in methods["import_"].decorator_list]
    assert marks == ["property", "deprecated('zoo/import is deprecated')"]
    assert ast.get_docstring(classes["Build"]) == "What \"is\" to be \\ built, in '''three''' quotes: \"now'"


def test_types_of_one_name_in_two_plugins_are_told_apart(zoo: Plugin[Any], tmp_path: Path) -> None:
    other = plugin_of((HERE / "zoo.txt").read_text().replace('"zoo"', '"git-zoo"'), "git_zoo_for_clients", tmp_path)
    source = client_module(lock_of_plugins(zoo, other), "1")
    names = {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    assert {"ZooBuild", "GitZooBuild", "ZooCommands", "GitZooCommands"} <= names
    assert "def git_zoo(self) -> GitZooCommands:" in source


def test_commands_whose_names_are_alike_when_joined_are_two_commands(tmp_path: Path) -> None:
    kennel = plugin_of((HERE / "zoo.txt").read_text().replace('"close"', '"a_b"'), "zoo_of_a_b", tmp_path)
    other = (HERE / "zoo.txt").read_text().replace('"zoo"', '"zoo_a"').replace('"close"', '"b"')
    source = client_module(lock_of_plugins(kennel, plugin_of(other, "zoo_a_of_b", tmp_path)), "1")
    module = module_of(source, "client_of_a_b", tmp_path)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(202, json={"job_id": "j", "status": "queued"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = module.Client("http://lab", http=http)
        client.zoo.a_b.submit(module.ZooCat())
        client.zoo_a.b.submit(module.ZooACat())
    assert asked == ["/trigger/zoo/a_b", "/trigger/zoo_a/b"]


def test_no_commands_make_a_module_too() -> None:
    source = client_module(lock_of([], {}), "1")
    compile(source, "client.py", "exec")


def test_a_document_of_something_else_is_refused() -> None:
    for document in (b"{}", b'{"paths": {"/trigger/a": {}}, "components": {"schemas": {}}}', b'{"paths": 3}'):
        with pytest.raises(ConfigError, match="no OpenAPI document of Hookyard's"):
            lock_of_gateway(msgspec.json.decode(document), "x")
