"""Whose program it is: what is checked of a Ductile plugin's folder before anything in it is run."""

import os
import stat
from pathlib import Path

from hookyard.errors import PluginLoadError


def entrypoint_of(folder: Path, entrypoint: str, root: Path | None, shown: str) -> Path:
    """The executable of a plugin, with every link in its path followed.

    Args:
        folder: the plugin's own, absolute.
        entrypoint: as the manifest has it: relative, without `..`.
        root: the folder of `plugin_dirs` that it was found in.
        shown: what messages call the folder.

    Raises:
        PluginLoadError: it is not there, not executable, leads out of the folder, or anyone may change it.
    """
    path = folder / entrypoint
    try:
        home, program = folder.resolve(strict=True), path.resolve(strict=True)
        mode = program.stat().st_mode
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError before Python 3.13
        why = (error.strerror if isinstance(error, OSError) else None) or "it cannot be found"
        msg = f"{shown}: entrypoint: {entrypoint!r}: {why.lower()}"
        raise PluginLoadError(msg) from error
    if root is not None and not home.is_relative_to(root.resolve()):
        msg = f"{shown}: the folder is a link out of {root.name}"
        raise PluginLoadError(msg)
    if not program.is_relative_to(home):
        msg = f"{shown}: entrypoint: {entrypoint!r} is a link out of the plugin's folder"
        raise PluginLoadError(msg)
    if not stat.S_ISREG(mode) or not mode & 0o111 or not os.access(program, os.X_OK):
        msg = f"{shown}: entrypoint: {entrypoint!r} is not an executable file"
        raise PluginLoadError(msg)
    between = (parent for parent in program.parents if parent.is_relative_to(home))
    for place in (home / "manifest.yaml", program, *between):
        if place.stat().st_mode & stat.S_IWOTH:
            msg = f"{shown}: anyone on this machine may change {place.relative_to(home.parent)}"
            raise PluginLoadError(msg)
    return program
