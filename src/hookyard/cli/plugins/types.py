"""`hookyard plugins check --types`: a strict type checker over Python plugins, and the memory of those that passed."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from hookyard.cli.plugins.checkers import Checker, Name, find, findings
from hookyard.cli.plugins.loosened import loosened
from hookyard.cli.where import DEFAULTS, chosen
from hookyard.config import load_file
from hookyard.config.model import PluginSettings
from hookyard.errors import Refused
from hookyard.host.candidate import Candidate
from hookyard.host.discovery import at_path, in_folder, installed
from hookyard.host.type_checks import Memory, Passed, content, target

_YAML: Final = (".yaml", ".yml")


class Typed(Struct, frozen=True, kw_only=True):
    """What a checker says of one plugin."""

    name: str
    ok: bool
    checker: str = ""
    """The checker and its version; empty when there was nothing to check."""
    remembered: bool = False
    """Whether it had passed before, and was not looked at again."""
    findings: tuple[str, ...] = ()
    note: str = ""

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield from self.findings
        if self.note:
            yield f"{self.name}: {self.note}"
        elif self.ok:
            yield f"{self.name}: passes {self.checker}" + (", as before" if self.remembered else "")
        else:
            yield f"{self.name}: does not pass {self.checker}: {len(self.findings)} lines above"


def typed(paths: list[Path], name: Name | None) -> tuple[Typed, ...]:
    """Check the Python plugins of configurations, files and folders; nothing of them is imported.

    Args:
        paths: a `.yaml` file is a configuration, all else a plugin or a folder of some; without any, the configuration
            in this folder. What is checked by its path is remembered for that configuration too.
        name: which checker; None takes what is installed.

    Raises:
        Refused: there is no plugin, or no checker.
        ConfigError: a configuration is wrong.
    """
    found: list[Typed] = []
    for path in paths or [chosen(None)]:
        if path.suffix in _YAML:
            loaded = load_file(path)
            memory = Memory(loaded.base)
            for candidate, settings in _configured(loaded.config.plugin_dirs, loaded.config.plugins, loaded.base):
                found.append(_one(candidate, settings, loaded.base, memory, name))
            continue
        candidates = tuple(at_path(path.absolute())) if path.exists() else ()
        if not candidates:
            raise Refused("not_found", f"There is no plugin at {path}.")
        here = Path.cwd()
        known = Memory(here) if any((here / each).is_file() for each in DEFAULTS) else None
        found += [_one(candidate, PluginSettings(), here, known, name) for candidate in candidates]
    return tuple(found)


def _configured(
    folders: tuple[str, ...], plugins: dict[str, PluginSettings], base: Path
) -> Iterator[tuple[Candidate, PluginSettings]]:
    """The plugins that a configuration would load, without loading them."""
    seen: set[str] = set()
    there = [folder for folder in ((base / each).resolve() for each in folders) if folder.is_dir()]
    named = [candidate for candidate in installed() if candidate.name in plugins]
    for candidate in [*(each for folder in there for each in in_folder(folder, base)), *named]:
        settings = plugins.get(candidate.name, PluginSettings())
        if candidate.name not in seen and settings.enabled and candidate.problem is None:
            seen.add(candidate.name)
            yield candidate, settings


def _one(candidate: Candidate, settings: PluginSettings, base: Path, memory: Memory | None, name: Name | None) -> Typed:
    looked_at = target(candidate)
    if looked_at is None:
        note = "is no Python plugin" if candidate.kind != "python" else "its file is not known before it is imported"
        return Typed(name=candidate.name, ok=candidate.kind != "python", note=f"{note}; nothing was checked")
    # Not resolved: a virtual environment's interpreter is a link, and is what it is by its place.
    python = Path(sys.executable) if settings.python is None else base.absolute() / settings.python
    checker = find(name, python)
    passed = Passed(content(candidate), checker.name, checker.version)
    loose = tuple(loosened(looked_at, checker.name))
    if not loose and memory is not None and memory.is_same(candidate.name, passed):
        return Typed(name=candidate.name, ok=True, checker=_shown(checker), remembered=True)
    # As it is imported: the folder of a package is its own, that of a project holds packages with names of theirs.
    bare = not candidate.module and looked_at.is_dir()
    lines = loose or findings(checker, looked_at, python, bare=bare)
    if memory is not None:
        memory.put(candidate.name, None if lines else passed)
    return Typed(name=candidate.name, ok=not lines, checker=_shown(checker), findings=lines)


def _shown(checker: Checker) -> str:
    return f"{checker.name} {checker.version}"
