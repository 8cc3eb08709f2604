"""What is checked of a plugin before it is imported: who could change it, and for which Hookyard it was written."""

import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hookyard.host.candidate import Candidate

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
        shared = stat.S_ISDIR(mode) and mode & stat.S_ISVTX  # like /tmp: others cannot replace what is in it
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


def _places(candidate: Candidate) -> Iterator[Path]:
    file, folder = candidate.file, candidate.folder
    if file is None or folder is None:
        return
    yield file
    for parent in file.parents:
        yield parent
        if parent == folder:
            return


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
