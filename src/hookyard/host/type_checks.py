"""Which plugins have passed a type checker: remembered by the digest of all their files, beside the configuration.

The memory is a small file and not the store, which a serving process holds locked. Nothing is type-checked here, and
nothing when a server starts: `hookyard plugins check --types` does that and writes the file, `hookyard check` reads it.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.host.candidate import Candidate
from hookyard.host.digest import files_of

NAME: Final = ".hookyard-types.json"
"""What the file is called."""


class Passed(Struct, frozen=True):
    """That a plugin has passed."""

    digest: str
    """Of its files, as :func:`content` makes it."""
    checker: str
    """`mypy` or `pyright`."""
    version: str
    """The checker's."""


class Memory:
    """The plugins that have passed, by name.

    Args:
        folder: of the configuration. A memory that is not there or cannot be read is an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._passed: dict[str, Passed] = {}
        with suppress(OSError, msgspec.DecodeError, UnicodeError):
            self._passed = msgspec.json.decode(self.path.read_bytes(), type=dict[str, Passed])

    def has(self, name: str, digest: str) -> bool:
        """Whether a plugin with these files has passed any checker."""
        found = self._passed.get(name)
        return found is not None and found.digest == digest

    def is_same(self, name: str, passed: Passed) -> bool:
        """Whether it has passed this very checker with these files."""
        return self._passed.get(name) == passed

    def put(self, name: str, passed: Passed | None) -> None:
        """Remember that a plugin has passed, or that it has not; the file is replaced as a whole.

        Raises:
            OSError: it cannot be written.
        """
        if passed is None:
            if self._passed.pop(name, None) is None:
                return
        else:
            self._passed[name] = passed
        text = msgspec.json.format(msgspec.json.encode(dict(sorted(self._passed.items()))), indent=2)
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        beside.write_bytes(text + b"\n")
        beside.replace(self.path)


def target(candidate: Candidate) -> Path | None:
    """What a type checker is to look at: the plugin's file, or its whole package; None when it is not Python's."""
    if candidate.kind != "python" or candidate.file is None:
        return None
    folder = candidate.file.parent
    if not (folder / "__init__.py").is_file():
        return candidate.file
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return folder


def content(candidate: Candidate) -> str:
    """The digest of all files of a plugin, by their places within it, so that it may be moved."""
    looked_at = target(candidate)
    paths = set(files_of(candidate))
    if looked_at is not None:
        paths |= {looked_at} if looked_at.is_file() else set(looked_at.rglob("*.py"))
    root = candidate.home or (looked_at.parent if looked_at is not None else Path())
    whole = sha256()
    for place, path in sorted((os.path.relpath(path, root), path) for path in paths):
        try:
            found = sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            found = type(error).__name__
        whole.update(f"{place}\0{found}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()
