"""Finding plugins in folders without importing or running any of them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hookyard.host.candidate import Candidate
from hookyard.host.manifests import Peek, is_special, peek
from hookyard.host.packaged import installed, project

__all__ = ["at_path", "in_folder", "installed"]

_DEPTH: Final = 8
"""How deep below a plugin folder Ductile plugins are looked for."""
_SUFFIX: Final = ".plugin.yaml"
_MAGIC: Final = (b"#!", b"\x7fELF")
"""How what the kernel can execute begins; on some file systems everything has the permission."""
_NOT_OURS: Final = frozenset({"node_modules"})


def in_folder(folder: Path, base: Path) -> Iterator[Candidate]:
    """The plugins in a folder, in the order of their names; the folder may also be a plugin itself.

    A `.py` file is one, a folder with an `__init__.py` is one, and a folder whose `pyproject.toml` has entry points
    of the group `hookyard` is as many as it names. A folder with a `plugin.yaml` is an exec plugin, and so is an
    executable file that is no `.py` or has a `NAME.plugin.yaml` beside it. A folder at any depth whose `manifest.yaml`
    is of Ductile is one of that kind. Names that begin with `.` or `_` are left alone.

    Args:
        folder: where to look; it exists.
        base: what origins are shown relative to.
    """
    finding = _Finding(folder, base)
    itself = [*project(folder, folder, finding.shown(folder)), *finding.described(folder)]
    yield from itself or finding.within(folder)


def at_path(path: Path) -> Iterator[Candidate]:
    """The plugins that a file or folder is; a folder that is none may hold some.

    Args:
        path: absolute, and there.
    """
    base = path.parent
    if path.is_dir():
        found = [*_Finding(base, base).folder(path)]
        yield from found or in_folder(path, base)
        return
    for candidate in _Finding(base, base).within(base):
        if path in {candidate.file, candidate.manifest}:
            yield candidate


class _Finding:
    """One walk through one folder of `plugin_dirs`."""

    def __init__(self, root: Path, base: Path) -> None:
        self._root = root
        self._base = base

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self._base)) if path.is_relative_to(self._base) else str(path)

    def within(self, folder: Path) -> Iterator[Candidate]:
        """All plugins of a folder that is none itself."""
        paths = [path for path in sorted(folder.iterdir()) if _is_ours(path)]
        described = {path.name.removesuffix(_SUFFIX) for path in paths if path.name.endswith(_SUFFIX)}
        done: set[str] = set()
        for path in paths:
            if path.is_dir():
                yield from self.folder(path)
            elif (name := path.name.removesuffix(_SUFFIX)) in described and path.name.endswith(_SUFFIX):
                if name not in done:
                    done.add(name)
                    yield self._executable(name, next((one for one in paths if _is_run(one, name)), None), path)
            elif path.stem not in described and path.suffix == ".py":
                origin = self.shown(path)
                yield Candidate(path.stem, origin=origin, file=path, folder=folder, root=self._root)
            elif path.stem not in described and path.suffix != ".py" and _can_run(path):
                yield self._executable(path.stem, path, None)

    def described(self, path: Path) -> Iterator[Candidate]:
        """The one plugin that a folder is by its manifest, if it has one."""
        found = peek(manifest := path / "manifest.yaml")
        if found is not None and found.ductile:
            yield self._ductile(path, manifest, found)
        elif (found := peek(manifest := path / "plugin.yaml")) is not None:
            yield Candidate(
                path.name,
                origin=self.shown(path),
                kind="exec",
                folder=path,
                home=path,
                root=self._root,
                manifest=manifest,
                problem=found.problem,
                version=found.version,
                api=found.api,
            )

    def folder(self, path: Path) -> Iterator[Candidate]:
        """The plugins that a folder is, or the Ductile ones that are somewhere below it."""
        origin = self.shown(path)
        found = [*project(path, self._root, origin)] or [*self.described(path)]
        yield from found
        if found:
            return
        if (file := path / "__init__.py").is_file():
            yield Candidate(path.name, origin=origin, file=file, folder=path.parent, home=path, root=self._root)
        else:
            yield from self._deeper(path, _DEPTH)

    def _deeper(self, folder: Path, depth: int) -> Iterator[Candidate]:
        """The Ductile plugins below a folder; nothing else is looked for there."""
        try:
            paths = sorted(path for path in folder.iterdir() if _is_ours(path) and path.is_dir())
        except OSError:  # one that may not be read holds nothing for us
            return
        for path in paths:
            found = peek(path / "manifest.yaml")
            if found is not None and found.ductile:
                yield self._ductile(path, path / "manifest.yaml", found)
            elif depth and not path.is_symlink():
                yield from self._deeper(path, depth - 1)

    def _ductile(self, path: Path, manifest: Path, found: Peek) -> Candidate:
        outside = not path.resolve().is_relative_to(self._root.resolve())
        return Candidate(
            found.name or path.name,
            origin=self.shown(path),
            kind="ductile",
            folder=path,
            home=path,
            root=self._root,
            manifest=manifest,
            problem=f"{path} leads out of {self._root}" if outside else found.problem,
            state="blocked" if outside else "failed",
            version=found.version,
        )

    def _executable(self, name: str, file: Path | None, manifest: Path | None) -> Candidate:
        found = None if manifest is None else peek(manifest)
        shown = file or manifest
        return Candidate(
            name,
            origin="" if shown is None else self.shown(shown),
            kind="exec",
            file=file,
            folder=None if shown is None else shown.parent,
            root=self._root,
            manifest=manifest,
            problem=None if found is None else found.problem,
            version=None if found is None else found.version,
            api=None if found is None else found.api,
        )


def _is_ours(path: Path) -> bool:
    return not path.name.startswith((".", "_")) and path.name not in _NOT_OURS and not is_special(path)


def _is_run(path: Path, name: str) -> bool:
    """Whether this is the executable that `name.plugin.yaml` describes."""
    return path.stem == name and not path.is_dir() and (path.suffix == ".py" or _can_run(path))


def _can_run(path: Path) -> bool:
    """Whether the kernel would execute this file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode) or not os.access(path, os.X_OK):
            return False
        with path.open("rb") as file:
            return file.read(4).startswith(_MAGIC)
    except OSError:
        return False
