"""What an answer, and what was written beside it, tell the host."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Raw

from hookyard.context.events import LONGEST_KEY, NO_EVENTS, EventBudget, EventSpec, note_type_problem
from hookyard.context.logger import shortened
from hookyard.context.messages import EmitNote, LogNote, Note, StateNote
from hookyard.context.state import key_problem, value_problem
from hookyard.model import LogLevel
from hookyard.runners.ductile.answer import Answer, BadAnswer
from hookyard.runners.state import too_much

STATELESS: Final = frozenset({"health", "init"})
"""The commands that must not write state."""

_LEVELS: Final[Mapping[str, LogLevel]] = {
    "debug": "debug", "trace": "debug", "info": "info", "notice": "info", "warn": "warning", "warning": "warning",
    "error": "error", "critical": "error", "fatal": "error",
}  # fmt: skip
NOT_KEPT: Final = "not_kept"
"""The code of an answer that holds more than is kept."""
NOT_AS_DECLARED: Final = "context_error"
"""The code of an answer with an event whose data is not what is declared."""
_LINES: Final = 500
_LINE: Final = 4000


def log_notes(answer: Answer) -> Iterator[Note]:
    """The lines that a plugin logs."""
    for entry in answer.logs or ():
        yield LogNote(_LEVELS.get((entry.level or "").lower(), "info"), shortened(entry.message or "", _LINE), {})


def stderr_notes(stderr: bytes, *, cut: bool) -> Iterator[Note]:
    """The lines that a plugin wrote to stderr."""
    lines = [line.rstrip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    if cut and lines:
        lines[-1] = shortened(lines[-1], len(lines[-1]) - 1)
    for line in lines[:_LINES]:
        yield LogNote("info", "stderr", {"line": shortened(line, _LINE)})
    if cut or len(lines) > _LINES:
        yield LogNote("warning", "stderr is cut", {"lines": min(len(lines), _LINES)})


def event_notes(answer: Answer, declared: Mapping[str, EventSpec] = NO_EVENTS) -> Iterator[Note]:
    """The events of a command that succeeded.

    Args:
        answer: as the plugin gave it.
        declared: the types of events that are declared; the `result` that a payload gets counts as its own.

    Raises:
        BadAnswer: they are more than are kept, or one is not what is declared; none is lost in silence.
    """
    budget = EventBudget()
    for event in answer.events or ():
        kind = event.type or ""
        if (problem := note_type_problem(kind)) is not None:
            why = f"{shortened(repr(kind), _LINE)} {problem}"
            yield LogNote("warning", "an event is dropped", {"why": why})
            continue
        payload = event.payload or {}
        if "result" not in payload:
            payload = payload | {"result": Raw(msgspec.json.encode(answer.result))}
        note = EmitNote(kind, msgspec.json.encode(payload), _short(event.dedupe_key))
        if (problem := budget.problem(note)) is not None:
            raise BadAnswer(problem, NOT_KEPT)
        spec = declared.get(kind)
        if spec is not None and (problem := spec.problem(note.payload)) is not None:
            raise BadAnswer(problem, NOT_AS_DECLARED)
        yield note


def state_notes(answer: Answer, command: str, state: Mapping[str, Raw], *, mirror: bool) -> Iterator[Note]:
    """What is to be kept once the command has succeeded.

    Args:
        answer: as the plugin gave it.
        command: its name.
        state: what is kept now.
        mirror: the updates are all of the state, and what is not among them goes.

    Raises:
        BadAnswer: some of it is larger than what is kept.
    """
    updates = answer.state_updates
    if not updates:  # also where they replace: nothing to keep is not an order to forget
        return
    if command in STATELESS:
        yield LogNote("warning", "state_updates are dropped", {"why": f"{command} must not write state"})
        return
    before = {key: len(key) + len(bytes(value)) for key, value in state.items()}
    sizes = ({} if mirror else before) | {key: len(key) + len(bytes(value)) for key, value in updates.items()}
    for key, value in updates.items():
        if (problem := key_problem(key) or value_problem(key, bytes(value))) is not None:
            raise BadAnswer(problem, NOT_KEPT)
        if key not in state or bytes(state[key]) != bytes(value):  # many send all they have, each time
            yield StateNote(key, bytes(value))
    if (problem := too_much(sum(sizes.values()), sum(before.values()))) is not None:
        raise BadAnswer(problem, NOT_KEPT)
    if mirror:
        for key in state.keys() - updates.keys():
            yield StateNote(key, None)


def _short(key: str | None) -> str | None:
    """A dedupe key as long as one may be; long ones are told apart by their digest."""
    if not key or len(key) <= LONGEST_KEY:
        return key or None
    digest = sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST_KEY - 1 - len(digest)]}:{digest}"
