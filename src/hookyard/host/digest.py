"""What a plugin is made of, as one short text: two loads see the same plugin when it is the same text."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from hookyard.host.candidate import Candidate

_WHOLE: Final = 1 << 20
"""Files up to this size count by content; larger ones, which are data, by size and time of change."""
_LEFT_OUT: Final = frozenset({"__pycache__", "node_modules"})


def files_of(candidate: Candidate) -> Iterator[Path]:
    """The files that make up a plugin in a plugin folder, in one order; none of an installed one."""
    if candidate.root is None:
        return
    seen: set[Path] = set()
    for path in (candidate.file, candidate.manifest):
        if path is not None and path not in seen:
            seen.add(path)
            yield path
    if candidate.home is not None:
        yield from (path for path in _below(candidate.home) if path not in seen)


def digest_of(candidate: Candidate) -> str | None:
    """The digest of all files of a plugin in a plugin folder; None for an installed one, which cannot change here."""
    if candidate.root is None:
        return None
    whole = sha256()
    for path in files_of(candidate):
        whole.update(f"{path}\0{_of_file(path)}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _of_file(path: Path) -> str:
    try:
        about = path.stat()
        executable = about.st_mode & 0o111
        if about.st_size > _WHOLE:
            return f"{about.st_size} {about.st_mtime_ns} {executable}"
        return f"{sha256(path.read_bytes()).hexdigest()} {executable}"
    except OSError as error:
        return type(error).__name__


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        for name in sorted(names):
            path = Path(at, name)
            if not name.startswith(".") and path.is_file():
                yield path
