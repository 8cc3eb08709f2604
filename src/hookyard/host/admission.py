"""What is checked of a plugin before it is imported: who could change it, and for which Hookyard it was written."""

import ast
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hookyard.host.candidate import Candidate
from hookyard.host.digest import files_of

_API_NAME: Final = "__hookyard_api__"
_REQUIREMENT: Final = re.compile(r"^hookyard\s*(?:\[[^\]]*\])?\s*\(?([^();]*)\)?\s*$", re.IGNORECASE)
_SPECIFIER: Final = re.compile(r"^(>=|<=|==|!=|~=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?$")


def writable_by_all(candidate: Candidate) -> Path | None:
    """The file or folder of a plugin that anyone on this machine may change, if there is one.

    Only what lies in plugin folders is looked at: how packages are installed is the administrator's own.
    """
    for path in _places(candidate):
        try:
            mode = path.stat().st_mode
        except OSError:  # importing it will say so
            continue
        # Like /tmp: others cannot replace what is in it. They can add to it, which a plugin's own folder cannot have.
        shared = path == candidate.root and stat.S_ISDIR(mode) and mode & stat.S_ISVTX
        if mode & stat.S_IWOTH and not shared:
            return path
    return None


def unmet(requires: Iterable[str], version: str) -> str | None:
    """The requirement on Hookyard that this version does not meet, if there is one.

    Reads the part of PEP 440 that plugins use: release numbers and the comparisons between them. What it does not
    understand, such as a requirement with a marker, it lets pass; the installer has had its say before.
    """
    release = re.match(r"[\d.]*", version)
    ours = _numbers(release[0] if release else "")
    for requirement in requires:
        found = _REQUIREMENT.match(requirement.strip())
        if found and not all(_meets(ours, part.strip()) for part in found[1].split(",") if part.strip()):
            return requirement
    return None


def stated_api(candidate: Candidate) -> int | str | None:
    """The plugin API that a plugin says it is written for, read without running any of it; None when it does not say.

    A project and a manifest say it in their own way; a single file or package by a line `__hookyard_api__ = 1`. What is
    no whole number, written out, comes as the text it is: nobody can tell what it was written for.
    """
    if candidate.api is not None or candidate.kind != "python" or candidate.module or candidate.file is None:
        return candidate.api
    try:
        source = candidate.file.read_bytes()
        if _API_NAME.encode() not in source:
            return None
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):  # importing it will say so
        return None
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = any(isinstance(one, ast.Name) and one.id == _API_NAME for one in targets)
            if named:
                said = node.value.value if isinstance(node.value, ast.Constant) else None
                return said if type(said) is int else ast.unparse(node.value)  # True is an int, and no number
    return None


def _places(candidate: Candidate) -> Iterator[Path]:
    root = candidate.root
    if root is None:
        return
    first = next(path for path in (candidate.file, candidate.manifest, candidate.home, root) if path is not None)
    yield first
    for parent in first.parents:
        if not parent.is_relative_to(root):
            break
        yield parent
    yield from files_of(candidate)


def _meets(ours: tuple[int, ...], specifier: str) -> bool:
    found = _SPECIFIER.match(specifier)
    if not found:
        return True
    operator, theirs = found[1], _numbers(found[2])
    width = max(len(ours), len(theirs))
    left, right = _padded(ours, width), _padded(theirs, width)
    starts = left[: len(theirs)] == theirs
    return {
        ">=": left >= right,
        "<=": left <= right,
        ">": left > right,
        "<": left < right,
        "==": starts if found[3] else left == right,
        "!=": not (starts if found[3] else left == right),
        "~=": left >= right and left[: len(theirs) - 1] == theirs[:-1],
    }[operator]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part)


def _padded(numbers: tuple[int, ...], width: int) -> tuple[int, ...]:
    return numbers + (0,) * (width - len(numbers))
