"""`hookyard plugins check --types`, and what `require_types` makes of it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookyard.cli.plugins import checkers

Call = Callable[..., Any]

pytestmark = pytest.mark.timeout(600)  # a checker without a cache, several times

GOOD = """
from msgspec import Struct
from hookyard import Context, Plugin

raise RuntimeError("nobody imports this")
"""
BODY = """
from msgspec import Struct
from hookyard import Context, Plugin

plugin = Plugin("{name}")

class Number(Struct):
    n: int

@plugin.command
async def double(data: Number, ctx: Context) -> Number:
    return Number(data.n * 2)
"""
BAD = BODY.replace("data.n * 2", "str(data.n)")
TOKENS = 'tokens: [{name: ci, sha256: "%s", scopes: [admin]}]\n' % ("0" * 64)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "config.yaml").write_text(f"plugin_dirs: [plugins]\nrequire_types: true\n{TOKENS}")
    write(tmp_path, "math", BODY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / "plugins" / f"{name}.py").write_text(text.replace("{name}", name))


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_plugin_with_wrong_types_is_refused_with_the_place(hookyard: Call, folder: Path, checker: str) -> None:
    write(folder, "math", BAD)
    ended = hookyard("plugins", "check", "--types", "--checker", checker, "plugins/math.py")
    assert ended.code == 78
    assert f"{folder / 'plugins' / 'math.py'}:12:" in ended.err
    assert '"str"' in ended.err
    assert f"math: does not pass {checker} " in ended.err


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_plugin_that_passes_is_remembered_until_it_changes(hookyard: Call, folder: Path, checker: str) -> None:
    arguments = ("plugins", "check", "--types", "--checker", checker, "config.yaml")
    first = hookyard(*arguments)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith(f"math: passes {checker} ")
    assert "as before" not in first.out
    assert hookyard(*arguments).out == first.out.replace("\n", ", as before\n")
    write(folder, "math", BODY + "\n# changed\n")
    assert hookyard(*arguments).out == first.out


def test_check_refuses_what_has_not_passed_and_takes_what_has(hookyard: Call, folder: Path) -> None:
    refused = hookyard("check", "config.yaml")
    assert refused.code == 78
    assert "plugins.math: require_types: as it is now, no type checker has passed it" in refused.err
    assert "run `hookyard plugins check --types config.yaml`" in refused.err
    hookyard("plugins", "check", "--types", "--checker", "mypy")
    assert hookyard("check", "config.yaml").code == 0
    write(folder, "math", BODY + "\n# changed\n")
    assert hookyard("check", "config.yaml").code == 78


def test_what_no_longer_passes_is_forgotten(hookyard: Call, folder: Path) -> None:
    hookyard("plugins", "check", "--types", "--checker", "mypy")
    write(folder, "math", BAD)
    hookyard("plugins", "check", "--types", "--checker", "mypy")
    write(folder, "math", BODY)
    assert hookyard("check", "config.yaml").code == 78


def test_every_file_of_a_package_counts(hookyard: Call, folder: Path) -> None:
    (folder / "plugins" / "math.py").unlink()
    package = folder / "plugins" / "math"
    package.mkdir(mode=0o755)
    (package / "__init__.py").write_text(BODY.replace("{name}", "math"))
    (package / "helper.py").write_text("def twice(n: int) -> int:\n    return n * 2\n")
    arguments = ("plugins", "check", "--types", "--checker", "mypy", "config.yaml")
    assert hookyard(*arguments).code == 0
    (package / "helper.py").write_text("def twice(n):\n    return n * 2\n")
    assert hookyard("check", "config.yaml").code == 78
    ended = hookyard(*arguments)
    assert ended.code == 78
    assert f"{package / 'helper.py'}:1:" in ended.err


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_package_may_import_its_modules_by_their_bare_names_and_all_are_checked(
    hookyard: Call, folder: Path, checker: str
) -> None:
    package = folder / "plugins" / "pkg"
    for name, text in {
        "__init__.py": "from . import other as same\nimport other, json, sub.deep\n"
        "from parts import (\n    Part,\n)\nfrom sub import \\\n    deep as again\n"
        "both: same.W = other.W(1)\nn: int = sub.deep.n + again.n\npart: Part = json.loads('1')\n"
        + BODY.replace("{name}", "pkg"),
        "other.py": "from msgspec import Struct\n\nclass W(Struct):\n    n: int\n",
        "parts.py": "class Part: ...\n",
        "unused.py": "import other\nw = other.W(2)\n",
        "sub/__init__.py": "",
        "sub/deep.py": "import other\nn: int = other.W(3).n\n",
        "loose/alone.py": "def f(n: int) -> int:\n    return n\n",
    }.items():
        (package / name).parent.mkdir(mode=0o755, exist_ok=True, parents=True)
        (package / name).write_text(text)
    arguments = ("plugins", "check", "--types", "--checker", checker, "plugins/pkg")
    ended = hookyard(*arguments)
    assert (ended.code, ended.err) == (0, "")
    for name in ("unused.py", "sub/deep.py", "loose/alone.py"):
        text = (package / name).read_text()
        (package / name).write_text(f"{text}wrong: str = 3\n")
        ended = hookyard(*arguments)
        assert ended.code == 78
        assert f"{package / name}:{text.count(chr(10)) + 1}:" in ended.err
        (package / name).write_text(text)
    (package / "__init__.py").write_text("import sub.deep\nimport other\n\nw = other.W('no')\n")
    assert f"{package / '__init__.py'}:4:" in hookyard(*arguments).err


@pytest.mark.parametrize(
    ("checker", "comment"),
    [
        ("mypy", "# mypy: ignore-errors"),
        ("mypy", "# mypy: disable-error-code=no-untyped-def"),
        ("pyright", "# pyright: basic"),
        ("pyright", "#pyright:reportUnknownParameterType=false"),
        ("mypy", "# type: ignore"),
        ("pyright", "# a word # type: ignore"),
    ],
)
def test_a_comment_that_loosens_a_whole_file_is_refused_with_its_place(
    hookyard: Call, folder: Path, checker: str, comment: str
) -> None:
    write(folder, "math", f"# first\n{comment}\n{BODY}\ndef loose(x):\n    return x\n")
    ended = hookyard("plugins", "check", "--types", "--checker", checker)
    assert ended.code == 78
    place = f"{folder / 'plugins' / 'math.py'}:2: error: `{comment}` loosens {checker} for the whole file"
    assert place in ended.err
    assert hookyard("check", "config.yaml").code == 78


@pytest.mark.parametrize(
    ("checker", "first", "ignored"),
    [
        ("mypy", "# pyright: basic", "  # type: ignore[assignment]"),
        ("pyright", "# pyright: strict", "  # pyright: ignore[reportAssignmentType]"),
        ("pyright", "# mypy: ignore-errors", "  # type: ignore[assignment]"),
    ],
)
def test_a_comment_about_one_line_or_for_the_other_checker_is_allowed(
    hookyard: Call, folder: Path, checker: str, first: str, ignored: str
) -> None:
    write(folder, "math", f"{first}\n{BODY}\nodd: str = 3{ignored}\n")
    assert hookyard("plugins", "check", "--types", "--checker", checker).code == 0


def test_nothing_is_imported_and_disabled_plugins_are_left_alone(hookyard: Call, folder: Path) -> None:
    write(folder, "math", GOOD)
    write(folder, "sleeping", BAD)
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text + "plugins: {sleeping: {enabled: false}}\n")
    ended = hookyard("plugins", "check", "--types", "--checker", "mypy", "--json")
    assert [(one["name"], one["ok"]) for one in json.loads(ended.out)] == [("math", True)]


def test_settings_of_the_readers_project_make_it_no_less_strict(hookyard: Call, folder: Path) -> None:
    (folder / "mypy.ini").write_text("[mypy]\nignore_errors = True\n")
    write(folder, "math", BAD)
    assert hookyard("plugins", "check", "--types", "--checker", "mypy").code == 78


def test_the_plugins_own_interpreter_is_asked(hookyard: Call, folder: Path) -> None:
    """An interpreter that is none has no checker and no packages, so Hookyard's own checker says what is missing."""
    text = (folder / "config.yaml").read_text()
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "config.yaml").write_text(text + "plugins: {math: {isolation: worker, python: venv/bin/python}}\n")
    assert hookyard("plugins", "check", "--types", "--checker", "mypy").code == 0
    asked = (folder / "asked").read_text()
    assert asked.startswith("-P -m mypy --version\n")
    assert f"--python-executable={python}" in asked


def test_without_any_checker_it_says_what_to_install(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(argv: tuple[str, ...]) -> str:
        return ""

    monkeypatch.setattr(checkers, "_version", none)
    ended = hookyard("plugins", "check", "--types")
    assert ended.code == 69
    assert ended.err.startswith("hookyard: There is neither mypy nor pyright in the environment of ")


def test_an_exec_plugin_has_no_types_to_check(hookyard: Call, folder: Path) -> None:
    program = folder / "plugins" / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    ended = hookyard("plugins", "check", "--types", "plugins/tool")
    assert (ended.code, ended.out) == (0, "tool: is no Python plugin; nothing was checked\n")


def test_a_memory_that_cannot_be_read_is_an_empty_one(hookyard: Call, folder: Path) -> None:
    (folder / ".hookyard-types.json").write_text("{")
    assert hookyard("check", "config.yaml").code == 78
    assert hookyard("plugins", "check", "--types", "--checker", "mypy").code == 0
    assert hookyard("check", "config.yaml").code == 0


def test_a_path_without_a_plugin_is_said(hookyard: Call, folder: Path) -> None:
    ended = hookyard("plugins", "check", "--types", "nowhere.py")
    assert (ended.code, ended.err) == (69, "hookyard: There is no plugin at nowhere.py.\n")
