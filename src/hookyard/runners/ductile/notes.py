"""What an answer, and what was written beside it, tell the host."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Raw

from hookyard.context.messages import EmitNote, LogNote, Note, StateNote
from hookyard.model import LogLevel
from hookyard.runners.ductile.answer import Answer, AnswerEvent

STATELESS: Final = frozenset({"health", "init"})
"""The commands that must not write state."""

_LEVELS: Final[Mapping[str, LogLevel]] = {
    "debug": "debug", "trace": "debug", "info": "info", "notice": "info", "warn": "warning", "warning": "warning",
    "error": "error", "critical": "error", "fatal": "error",
}  # fmt: skip
_EVENT_TYPE: Final = 200
_LINES: Final = 500
_LINE: Final = 4000


def log_notes(answer: Answer) -> Iterator[Note]:
    """The lines that a plugin logs."""
    for entry in answer.logs or ():
        yield LogNote(_LEVELS.get((entry.level or "").lower(), "info"), (entry.message or "")[:_LINE], {})


def stderr_notes(stderr: bytes, *, cut: bool) -> Iterator[Note]:
    """The lines that a plugin wrote to stderr."""
    lines = [line.rstrip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    for line in lines[:_LINES]:
        yield LogNote("info", "stderr", {"line": line[:_LINE]})
    if cut or len(lines) > _LINES:
        yield LogNote("warning", "stderr is cut", {"lines": min(len(lines), _LINES)})


def event_notes(answer: Answer) -> Iterator[Note]:
    """The events of a command that succeeded."""
    for event in answer.events or ():
        if (problem := _unusable(event)) is not None:
            yield LogNote("warning", "an event is dropped", {"type": repr(event.type)[:_LINE], "why": problem})
            continue
        payload = event.payload or {}
        if "result" not in payload:
            payload = payload | {"result": Raw(msgspec.json.encode(answer.result))}
        yield EmitNote(event.type or "", msgspec.json.encode(payload), event.dedupe_key or None)


def state_notes(answer: Answer, command: str, state: Mapping[str, Raw], *, mirror: bool) -> Iterator[Note]:
    """What is to be kept once the command has succeeded.

    Args:
        answer: as the plugin gave it.
        command: its name.
        state: what is kept now.
        mirror: the updates are all of the state, and what is not among them goes.
    """
    updates = answer.state_updates
    if not updates:  # also where they replace: nothing to keep is not an order to forget
        return
    if command in STATELESS:
        yield LogNote("warning", "state_updates are dropped", {"why": f"{command} must not write state"})
        return
    for key, value in updates.items():
        if key not in state or bytes(state[key]) != bytes(value):  # many send all they have, each time
            yield StateNote(key, bytes(value))
    if mirror:
        for key in state.keys() - updates.keys():
            yield StateNote(key, None)


def _unusable(event: AnswerEvent) -> str | None:
    kind = event.type or ""
    if not kind.strip():
        return "it has no type"
    if len(kind) > _EVENT_TYPE or not kind.isprintable():
        return f"its type is longer than {_EVENT_TYPE} characters, or has some that cannot be printed"
    return None
