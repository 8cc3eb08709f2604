"""What discovery finds before anything is imported."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PluginKind = Literal["python", "exec", "ductile"]
"""What a plugin is made of: a Python module, any executable, or an executable that speaks Ductile's protocol."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One plugin that may be imported, and how."""

    name: str
    """What the configuration calls it: the file's or folder's name, or the entry point's."""
    origin: str
    """Where it was found, for people."""
    kind: PluginKind = "python"
    file: Path | None = None
    """The file that holds it, absolute; None when that cannot be told without importing."""
    folder: Path | None = None
    """The folder to import it from; None when it is installed."""
    module: str = ""
    """The module to import by its own name; empty for a file or package that gets a private one."""
    attribute: str = "plugin"
    requires: tuple[str, ...] = field(default=())
    """What its project depends on, as its metadata says it (PEP 508)."""
    manifest: Path | None = None
    """The file that describes it without being run: `plugin.yaml` or Ductile's `manifest.yaml`, absolute."""
    problem: str | None = None
    """Why there is nothing to import, when that is plain already."""
    version: str | None = None
    """Of its project."""
