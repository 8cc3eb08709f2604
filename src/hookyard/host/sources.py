"""What the source files of a plugin hold when it is loaded: its workers run that until it is loaded again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hookyard.host.candidate import Candidate

MOST: Final = 16 << 20
"""Bytes that may be kept of one plugin."""
_LEFT_OUT: Final = frozenset({"__pycache__", "node_modules", "site-packages"})


def sources_of(candidate: Candidate, most: int = MOST) -> dict[str, bytes] | None:
    """The Python source files of a plugin in a plugin folder, by their paths.

    Virtual environments, `node_modules` and what is hidden are left out, as are links to other folders.

    Args:
        candidate: the plugin.
        most: bytes of all files together.

    Returns:
        None when it is installed, cannot be read, or is larger: then it is imported from its files as they are.
    """
    if candidate.root is None or candidate.file is None:
        return None
    found: dict[str, bytes] = {}
    size = 0
    try:
        for path in (candidate.file,) if candidate.home is None else _below(candidate.home):
            size += path.stat().st_size
            if size > most:
                return None
            found[str(path)] = path.read_bytes()
    except OSError:
        return None
    return found


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in _LEFT_OUT and not Path(at, name, "pyvenv.cfg").exists()
        ]
        for name in names:
            path = Path(at, name)
            if path.suffix == ".py" and path.is_file():
                yield path
