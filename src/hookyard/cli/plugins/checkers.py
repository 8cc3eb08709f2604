"""mypy and pyright, in strict mode, over one plugin."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, Never

import msgspec
from msgspec import Struct

from hookyard.cli.plugins.bare import say_in_full
from hookyard.errors import Refused

Name = Literal["mypy", "pyright"]
NAMES: Final[tuple[Name, ...]] = ("mypy", "pyright")
_PATIENCE: Final = 300
"""Seconds one run of a checker may take."""


class Checker(Struct, frozen=True):
    """A type checker that is installed."""

    name: Name
    argv: tuple[str, ...]
    """How it is called."""
    version: str


def find(name: Name | None, python: Path) -> Checker:
    """The checker to use: of the plugin's own interpreter, else of Hookyard's, else of the path.

    Args:
        name: which one; None takes mypy, or pyright where there is no mypy.
        python: the plugin's interpreter.

    Raises:
        Refused: it is not installed.
    """
    for wanted in NAMES if name is None else (name,):
        for argv in _calls(wanted, python):
            found = re.search(r"\d+\.\d+\S*", _version(argv))
            if found is not None:
                return Checker(wanted, argv, found[0])
    what = "neither mypy nor pyright" if name is None else f"no {name}"
    message = f"There is {what} in the environment of {python}, in Hookyard's own, or on the path; install one."
    raise Refused("not_found", message)


def findings(checker: Checker, target: Path, python: Path, *, bare: bool = False) -> tuple[str, ...]:
    """What a checker says of a file or package, one line each; empty when it passes.

    It works on a copy, so that no settings of the plugin's or the reader's project make it less strict.

    Args:
        checker: which.
        target: the file or folder.
        python: the interpreter whose packages it may use.
        bare: whether modules of the folder may be imported by their bare names.

    Raises:
        Refused: the checker itself failed.
    """
    with TemporaryDirectory() as folder:
        # A plugin may be called as a module of the standard library is, which a checker would take it for, and run.
        clashes = target.stem in sys.stdlib_module_names
        copy = Path(folder, f"{target.stem}_plugin{target.suffix}" if clashes else target.name)
        if target.is_dir():
            shutil.copytree(target, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(target, copy)
        if bare and checker.name == "mypy":  # pyright looks beside the file that imports
            say_in_full(copy)
        lines = _mypy(checker, copy, python) if checker.name == "mypy" else _pyright(checker, copy, python)
        return tuple(line.replace(f"{folder}/", "").replace(copy.name, str(target), 1) for line in lines)


def _mypy(checker: Checker, copy: Path, python: Path) -> Iterator[str]:
    options = ["--strict", "--config-file=", "--no-error-summary", "--no-color-output", "--show-column-numbers"]
    options += ["--explicit-package-bases", f"--cache-dir={_cache()}", f"--python-executable={python}"]
    done = _run([*checker.argv, *options, copy.name], copy.parent)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not lines:
        _fail(checker, done)
    yield from lines if done.returncode else ()


def _cache() -> Path:
    """Where mypy keeps what it knows of the packages that plugins use: half a minute of work on a slow machine."""
    known = os.environ.get("XDG_CACHE_HOME")
    return (Path(known) if known else Path("~/.cache").expanduser()) / "hookyard" / "mypy"


def _pyright(checker: Checker, copy: Path, python: Path) -> Iterator[str]:
    settings = {"include": [copy.name], "typeCheckingMode": "strict"}
    (copy.parent / "pyrightconfig.json").write_bytes(msgspec.json.encode(settings))
    done = _run([*checker.argv, "--outputjson", f"--pythonpath={python}"], copy.parent)
    try:
        found = msgspec.json.decode(done.stdout, type=_Report)
    except msgspec.DecodeError:
        _fail(checker, done)
    for each in found.diagnostics:
        if each.severity == "error":
            start, rule = each.range.start, f" [{each.rule}]" if each.rule else ""
            yield f"{each.file}:{start.line + 1}:{start.character + 1}: error: {' '.join(each.message.split())}{rule}"


class _Start(Struct):
    line: int
    character: int


class _Range(Struct):
    start: _Start


class _Diagnostic(Struct):
    file: str
    severity: str
    message: str
    range: _Range
    rule: str = ""


class _Report(Struct):
    diagnostics: list[_Diagnostic] = msgspec.field(name="generalDiagnostics")


def _calls(name: Name, python: Path) -> Iterator[tuple[str, ...]]:
    for each in dict.fromkeys((str(python), sys.executable)):
        yield each, "-P", "-m", name  # -P: what lies in the folder is looked at, and never run
    if (path := shutil.which(name)) is not None:
        yield (path,)


def _version(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run([*argv, "--version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  found just now
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603  likewise
    except subprocess.TimeoutExpired as error:
        message = f"{argv[0]} took longer than {_PATIENCE} s."
        raise Refused("internal", message) from error


def _fail(checker: Checker, done: subprocess.CompletedProcess[str]) -> Never:
    said = " ".join((done.stderr or done.stdout).split())[-500:]
    message = f"{checker.name} {checker.version} failed with {done.returncode}: {said}"
    raise Refused("internal", message)
