"""The rules of the house that no linter knows."""

import ast
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "hookyard"
FILES = sorted(SRC.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

# A type that msgspec or Litestar must find at run time has to be a real import; a file that wants one for the
# checker only has to stand here, with its reason.
TYPE_VAR = "a TypeVar with a default (PEP 696), which checkers know today and Python from 3.13 on"
SERVER = "the whole server is loaded when a test first needs it"
LAZY = "an HTTP client is loaded when a command first asks for one"
CIRCLE = "a port and what opens it name each other"
HINTS = "the library has these for checkers only"
TYPE_CHECKING_ALLOWED = {
    "src/hookyard/artifacts/backends.py": HINTS,
    "src/hookyard/cli/remote.py": LAZY,
    "src/hookyard/client/__init__.py": LAZY,
    "src/hookyard/context/facade.py": TYPE_VAR,
    "src/hookyard/context/hook.py": TYPE_VAR,
    "src/hookyard/plugin.py": TYPE_VAR,
    "src/hookyard/context/port.py": LAZY,
    "src/hookyard/dispatch/ports.py": CIRCLE,
    "src/hookyard/facilities/http.py": LAZY,
    "src/hookyard/facilities/port.py": f"{LAZY}; {CIRCLE}",
    "src/hookyard/testing/context.py": TYPE_VAR,
    "src/hookyard/testing/host.py": SERVER,
    "src/hookyard/testing/look.py": SERVER,
    "src/hookyard/testing/port.py": LAZY,
    "src/hookyard/testing/watched.py": LAZY,
    "src/hookyard/worker/http.py": LAZY,
    "src/hookyard/worker/port.py": LAZY,
}

SQL = re.compile(r"\s*(?:--.*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|WITH)\s+[\w(\"{]")


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that is not a docstring; an f-string counts as one, its gaps written `{`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.lineno, child.value
            elif isinstance(child, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "{" for part in child.values)
                yield child.lineno, "".join(str(part) for part in parts)


def test_no_file_is_longer_than_500_lines() -> None:
    assert [place(path, lines(path)) for path in FILES if lines(path) > 500] == []


def test_half_of_the_files_have_at_most_120_lines() -> None:
    sizes = [lines(path) for path in FILES if lines(path)]
    assert statistics.median(sizes) <= 120


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 60
    ]
    assert long == []


def test_sql_lives_in_sql_files_only() -> None:
    found = [
        f"{place(path, line)} {text.strip()[:40]!r}"
        for path, tree in TREES.items()
        for line, text in texts(tree)
        if SQL.match(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "is_sql"),
    [
        ('run("SELECT 1 FROM job_log")', True),
        ('run(f"INSERT INTO {table} VALUES (?)")', True),
        ('sql = f"""\n  UPDATE job_log SET {column} = 1"""', True),
        ('"""UPDATE is what this does."""', False),
        ('raise ValueError("SELECT")', False),
        ('log("deleted 3 rows", "Update the file")', False),
        ('run("BEGIN IMMEDIATE")', False),
    ],
)
def test_the_search_for_sql_knows_it_when_it_sees_it(code: str, is_sql: bool) -> None:
    assert any(SQL.match(text) for _, text in texts(ast.parse(code))) is is_sql


def test_every_sql_file_begins_with_a_comment() -> None:
    bare = [
        place(path, 1) for path in sorted(SRC.rglob("*.sql")) if not path.read_text(encoding="utf-8").startswith("--")
    ]
    assert bare == []


def test_no_import_is_for_the_type_checker_only() -> None:
    found = [
        place(path, node.lineno)
        for path, tree in TREES.items()
        if str(path.relative_to(ROOT)) not in TYPE_CHECKING_ALLOWED
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
    ]
    assert found == []


def test_annotations_are_never_strings_where_a_struct_reads_them() -> None:
    found = [
        place(path, node.lineno)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if any(alias.name == "annotations" for alias in node.names)
        if "msgspec" in path.read_text(encoding="utf-8") or "litestar" in path.read_text(encoding="utf-8")
    ]
    assert found == []


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", "pyproject.toml"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_import_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("dispatch/__init__.py", "import litestar", "Litestar only in the gateway"),
        ("gateway/__init__.py", "import uvicorn", "uvicorn only in the server"),
        ("store/coalescer.py", "import apsw", "apsw only in the SQLite store"),
        ("store/sqlite/__init__.py", "import sqlite3", "sqlite3 of the standard library nowhere"),
        ("store/sqlite/__init__.py", "import asyncpg", "asyncpg only in the PostgreSQL store"),
        ("plugin.py", "import pluggy", "pluggy only behind the typed facade"),
        ("inbound/__init__.py", "import httpx", "HTTP clients only in outbound, client and egress"),
        ("inbound/source.py", "import cel_expr_python", "CEL only in cel"),
        ("model/jobs.py", "import hookyard.store.contract", "the layers of the house"),
        ("inbound/__init__.py", "import hookyard.outbound", "the layers of the house"),
    ],
)
def test_an_import_that_is_not_allowed_is_found(tmp_path: Path, module: str, line: str, broken: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "src" / "hookyard" / module
    planted.write_text(f"{planted.read_text('utf-8')}\n{line}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert re.search(rf"{re.escape(broken)}[^\n]* BROKEN", done.stdout), done.stdout


# --- what is installed ------------------------------------------------------------


def constraints() -> dict[str, str]:
    pairs = [line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> Iterator[Requirement]:
    for path in [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        named = [*data["project"].get("dependencies", []), *data["build-system"]["requires"]]
        for group in data.get("dependency-groups", {}).values():
            named += [entry for entry in group if isinstance(entry, str)]
        yield from map(Requirement, named)


def test_constraints_hold_names_and_versions_and_nothing_else() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    odd = [line for line in text.splitlines() if not re.fullmatch(r"[a-z0-9._-]+==[0-9][a-z0-9.!+]*", line)]
    assert odd == []
    assert len(constraints()) == len(text.splitlines()), "a name stands twice"


def test_every_dependency_is_pinned_within_its_range() -> None:
    pins = constraints()
    own = {"hookyard", *(f"hookyard-{path.name.replace('_', '-')}" for path in (ROOT / "plugins").iterdir())}
    wrong: list[str] = []
    for requirement in requirements():
        name = canonicalize_name(requirement.name)
        if name in own:
            continue
        if requirement.marker and not requirement.marker.evaluate():
            continue
        if name not in pins:
            wrong.append(f"{name}: no line")
        elif not requirement.specifier.contains(pins[name], prereleases=True):
            wrong.append(f"{name}: {pins[name]} is not {requirement.specifier}")
    assert wrong == []


def test_ci_runs_every_linter_of_the_justfile() -> None:
    five = (ROOT / "justfile").read_text(encoding="utf-8")
    lint = five.split("\nlint:\n")[1].split("\n\n")[0]
    commands = [line.strip().replace(" --no-sync", "") for line in lint.splitlines()]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert len(commands) == 5
    run = shlex.split(ci.split("\nlints=(")[1].split(")\n")[0])
    assert [f"uv run {words}" for words in run] == commands


# --- what is tracked ------------------------------------------------------------


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of tracked files")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_tracked_names_a_machine_or_where_packages_come_from() -> None:
    # Written in pieces, so that this file does not find itself.
    folders = "|".join(["/" + "work/", "/" + "root/", "/" + "tmp/brief", "/" + "home/[a-z]"])
    hosts = "|".join(
        host.replace("@", r"\.")
        for host in [
            "pypi@org",
            "pythonhosted@org",
            "registry@npmjs@org",
            "deb@debian@org",
            "proxy@golang@org",
        ]
    )
    bad = re.compile(rf"(?<![\w.~*-])({folders})|({hosts})", re.IGNORECASE)
    found: list[str] = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{place(path, number)} {match.group()}"
            for number, line in enumerate(text.splitlines(), 1)
            if (match := bad.search(line))
        ]
    assert found == []


def test_no_lock_file_with_addresses_is_tracked() -> None:
    assert [path.name for path in tracked() if path.name in {"uv.lock", "poetry.lock", "Pipfile.lock"}] == []
