"""What discovery finds before anything is imported."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PluginKind = Literal["python", "exec", "ductile", "external"]
"""What a plugin is made of: a Python module, any executable, an executable that speaks Ductile's protocol, or a
declaration in the configuration alone, whose commands external workers run."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One plugin that may be loaded, and how.

    An exec plugin that is a folder has its `manifest` there, which names the executable, and no `file`; one that is a
    single executable has that as `file`, and a `manifest` where one stands beside it.
    """

    name: str
    """What the configuration calls it: the file's or folder's name, or the entry point's."""
    origin: str
    """Where it was found, for people."""
    kind: PluginKind = "python"
    file: Path | None = None
    """The file that holds it, absolute; None when that cannot be told without importing."""
    folder: Path | None = None
    """The folder to import it from, or that its executable lies in; None when it is installed."""
    home: Path | None = None
    """The folder that holds nothing but this plugin; None for a single file, and when it is installed."""
    root: Path | None = None
    """The folder of `plugin_dirs` that it was found in."""
    module: str = ""
    """The module to import by its own name; empty for a file or package that gets a private one."""
    attribute: str = "plugin"
    requires: tuple[str, ...] = field(default=())
    """What its project depends on, as its metadata says it (PEP 508)."""
    manifest: Path | None = None
    """The file that describes it without being run: `plugin.yaml` or Ductile's `manifest.yaml`, absolute."""
    problem: str | None = None
    """Why there is nothing to import, when that is plain already."""
    state: Literal["blocked", "failed", "incompatible"] = "failed"
    """What it is then."""
    version: str | None = None
    """Of its project, or as its manifest has it."""
    api: int | None = None
    """The plugin API that it says it is written for, where that can be read without running any of it."""
