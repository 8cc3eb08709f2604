"""What `hookyard plugins check` finds of one plugin."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from hookyard.errors import PluginLoadError, Refused
from hookyard.host.candidate import Candidate
from hookyard.host.discovery import at_path
from hookyard.host.load import load_alone
from hookyard.host.registry import PluginState


class Checked(Struct, frozen=True, kw_only=True):
    """One plugin, looked at by itself."""

    name: str
    origin: str
    kind: str
    ok: bool
    state: PluginState
    commands: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a person."""
        for problem in self.problems:
            yield f"{self.name}: {problem}"
        if self.ok:
            yield f"{self.name}: in order ({self.kind}, {len(self.commands)} commands: {', '.join(self.commands)})"
        for note in self.notes:
            yield f"{self.name}: {note}"


def checked(path: Path) -> tuple[Checked, ...]:
    """Look at the plugins of a file or folder.

    Raises:
        Refused: there is none.
    """
    where = path.absolute()
    candidates = tuple(at_path(where)) if where.exists() else ()
    if not candidates:
        raise Refused("not_found", f"There is no plugin at {path}{_why_not(where)}.")
    return tuple(_one(candidate) for candidate in candidates)


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


def _one(candidate: Candidate) -> Checked:
    record, kept, unset = load_alone(candidate)
    problems: list[str] = [record.reason] if record.reason is not None and record.state != "active" else []
    more: list[str] = []
    if not problems and candidate.kind == "exec":
        problems, more = _conformance(candidate)
    return Checked(
        name=record.name,
        origin=str(candidate.file or candidate.manifest or candidate.home),
        kind=candidate.kind,
        ok=not problems,
        state=record.state,
        commands=() if kept is None else tuple(kept.plugin.commands),
        problems=tuple(problems),
        notes=(*record.notes, *more, *(f"{path.partition('.')[2].partition('.')[2]}: {what}" for path, what in unset)),
    )


def _conformance(candidate: Candidate) -> tuple[list[str], list[str]]:
    """What the suite for exec plugins has against it, and what it could not look at."""
    # Imported here so that Python plugins do not pay for it.
    from hookyard.testing.exec_conformance import Check, conform

    def said(check: Check) -> str:
        about = f"{check.command}: " if check.command else ""
        return f"{about}{check.name}: {check.why}"

    where = candidate.home or candidate.file
    if where is None:
        return [], []
    try:
        checks = conform(where).checks
    except PluginLoadError as error:
        return [str(error)], []
    return (
        [said(check) for check in checks if check.outcome == "failed"],
        [f"not checked: {said(check)}" for check in checks if check.outcome not in {"failed", "passed"}],
    )
