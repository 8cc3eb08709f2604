"""What `hookyard plugins check` finds of one plugin."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hookyard.config import Loaded
from hookyard.config.model import PluginSettings
from hookyard.errors import PluginLoadError, Refused
from hookyard.host.candidate import Candidate
from hookyard.host.discovery import at_path
from hookyard.host.load import load_alone, load_given
from hookyard.host.registry import Kept, PluginRecord, PluginState

Examples = Mapping[str, Mapping[str, object]]
"""Inputs by command."""


class Checked(Struct, frozen=True, kw_only=True):
    """One plugin, looked at by itself."""

    name: str
    origin: str
    kind: str
    ok: bool
    state: PluginState
    commands: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """The types that it declares."""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a person."""
        for problem in self.problems:
            yield f"{self.name}: {problem}"
        if self.ok:
            emits = f"; emits {', '.join(self.events)}" if self.events else ""
            commands = f"{len(self.commands)} commands: {', '.join(self.commands)}"
            yield f"{self.name}: in order ({self.kind}, {commands}{emits})"
        for note in self.notes:
            yield f"{self.name}: {note}"


class _Found(Struct, frozen=True, kw_only=True):
    candidate: Candidate
    settings: PluginSettings
    record: PluginRecord
    kept: Kept | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def checked(paths: Sequence[Path], loaded: Loaded | None, examples: Examples) -> tuple[Checked, ...]:
    """Look at the plugins of files and folders.

    Args:
        paths: the files and folders.
        loaded: the configuration whose sections the plugins get; without one, what they need of it is only noted.
        examples: what commands of exec plugins are called with, whatever they do.

    Raises:
        Refused: there is no such plugin, or none with a command that an example is for.
    """
    found = [_load(candidate, loaded) for path in paths for candidate in _candidates(path)]
    known = {name for one in found if one.candidate.kind == "exec" and one.kept for name in one.kept.plugin.commands}
    for name in examples:
        if name not in known:
            raise Refused("not_found", f"--example: no exec plugin that is checked has a command {name}.")
    return tuple(_checked(one, examples) for one in found)


def _candidates(path: Path) -> Sequence[Candidate]:
    where = path.absolute()
    candidates = tuple(at_path(where)) if where.exists() else ()
    if not candidates:
        raise Refused("not_found", f"There is no plugin at {path}{_why_not(where)}.")
    return candidates


def _why_not(path: Path) -> str:
    """What keeps a path from being a plugin, where that is easily said and easily mended."""
    if not path.exists():
        return ": nothing is there"
    if path.is_dir():
        return ": the folder has neither a __init__.py nor a plugin.yaml, nor a pyproject.toml with an entry point"
    if path.name.startswith((".", "_")):
        return f": names that begin with {path.name[0]!r} are left alone"
    if not os.access(path, os.X_OK):
        return f": it is no .py file, and may not be executed (chmod +x {path.name})"
    return ": it is executable, and begins with neither #! and an interpreter nor as a program does"


def _load(candidate: Candidate, loaded: Loaded | None) -> _Found:
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if loaded is None:
        settings = PluginSettings()
        record, kept, unset = load_alone(candidate)
        notes = tuple(f"{path.partition('.')[2].partition('.')[2]}: {what}" for path, what in unset)
    else:
        settings = replace(loaded.config.plugins.get(candidate.name, PluginSettings()), enabled=True)
        config = replace(loaded.config, plugins={candidate.name: settings}, lanes={})
        registry = load_given(config, loaded.base, [(candidate, None)])
        (record,) = registry.plugins
        kept = registry.kept.get(candidate.name)
        problems = tuple(str(loaded.problem(path, what)) for path, what in registry.problems)
    if not problems and record.reason is not None and record.state != "active":
        problems = (record.reason,)
    return _Found(candidate=candidate, settings=settings, record=record, kept=kept, problems=problems, notes=notes)


def _checked(found: _Found, examples: Examples) -> Checked:
    record, candidate = found.record, found.candidate
    problems, more = list(found.problems), list[str]()
    if not problems and candidate.kind == "exec":
        problems, more = _conformance(candidate, found.settings, examples)
    return Checked(
        name=record.name,
        origin=str(candidate.file or candidate.manifest or candidate.home),
        kind=candidate.kind,
        ok=not problems,
        state=record.state,
        commands=() if found.kept is None else tuple(found.kept.plugin.commands),
        events=() if found.kept is None else tuple(found.kept.plugin.events),
        problems=tuple(problems),
        notes=(*record.notes, *more, *found.notes),
    )


def _conformance(candidate: Candidate, settings: PluginSettings, examples: Examples) -> tuple[list[str], list[str]]:
    """What the suite for exec plugins has against it, and what it could not look at."""
    # Imported here so that Python plugins do not pay for it.
    from hookyard.testing.exec_conformance import Check, conform

    def said(check: Check) -> str:
        about = f"{check.command}: " if check.command else ""
        return f"{about}{check.name}: {check.why}"

    where = candidate.home or candidate.file
    if where is None:
        return [], []
    secrets = {name: secret.reveal() for name, secret in settings.secrets.items()}
    try:
        checks = conform(where, examples=examples, settings=settings, secrets=secrets).checks
    except PluginLoadError as error:
        return [str(error)], []
    return (
        [said(check) for check in checks if check.outcome == "failed"],
        [f"not checked: {said(check)}" for check in checks if check.outcome not in {"failed", "passed"}],
    )
