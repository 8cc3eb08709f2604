"""Events that a command emits."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from hookyard.context.messages import EmitNote
from hookyard.context.values import to_json
from hookyard.errors import ContextError, place_of

Data: TypeAlias = type[msgspec.Struct]
MOST_EVENTS: Final = 1000
"""How many events one attempt may emit."""
MOST_BYTES: Final = 1 << 20
"""Bytes of all payloads of one attempt, as JSON."""
LONGEST_TYPE: Final = 200
LONGEST_KEY: Final = 200
_HOUSE: Final = ("breaker", "endpoint", "schedule")
"""The first words of Hookyard's own types, but for `job`, which nobody may emit."""
_HOUSE_TYPES: Final = frozenset({"delivery.failed"})
"""Its own of which the first word is anybody's: shops deliver too."""
_TYPE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


def type_problem(name: str) -> str | None:
    """Why an event of this type cannot be emitted by `ctx.emit`, or None if it can.

    What it answers goes on behind the type, whatever one calls that: `f"the event type {name!r} {why}"` is the sentence
    of `ctx.emit`.
    """
    if len(name) > LONGEST_TYPE or _TYPE.fullmatch(name) is None:
        return "is no event type; that is words of a-z, 0-9 and _ with dots between, such as order.paid"
    return note_type_problem(name)


def note_type_problem(name: str) -> str | None:
    """The same for a note: plugins that exist already name their events as they like, but not as Hookyard's own."""
    if not name.strip() or len(name) > LONGEST_TYPE or not name.isprintable():
        return f"is no event type; that is 1 to {LONGEST_TYPE} printable characters"
    if name.startswith("job."):
        return "is reserved: the events of jobs are Hookyard's own"
    if name == "job" or name.partition(".")[0] in _HOUSE:
        return f"is one of Hookyard's own, as all of {', '.join(_HOUSE)}"
    return "is one of Hookyard's own" if name in _HOUSE_TYPES else None


def declared_type_problem(name: str, *, noted: bool = False) -> str | None:
    """Why a plugin cannot declare events of this type, or None if it can.

    Args:
        name: the type.
        noted: the plugin is no Python one, and names its events as it likes.
    """
    return note_type_problem(name) if noted else type_problem(name)


class EventSpec:
    """A type of event that a plugin declares, with the type of its data.

    Args:
        kind: its name.
        data: a Struct.
    """

    __slots__ = ("_decoder", "data", "type")

    def __init__(self, kind: str, data: Data) -> None:
        self.type: Final = kind
        self.data: Final[Data] = data
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(data)

    @property
    def summary(self) -> str:
        """What its type says of itself, in one line."""
        return (self.data.__doc__ or "").strip().partition("\n")[0]

    def problem(self, payload: bytes) -> str | None:
        """Why this is not what the plugin declares; None when it is. Members that it does not know may be there."""
        try:
            self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            problem, path = place_of(error)
            return f"the data of the event {self.type!r} is not what the plugin declares: {problem} at {path}"
        except RecursionError:
            return f"the data of the event {self.type!r} is nested too deeply"
        return None


NO_EVENTS: Final[Mapping[str, EventSpec]] = MappingProxyType({})


class EventBudget:
    """How much of what one attempt may emit is used up."""

    __slots__ = ("_bytes", "_count")

    def __init__(self) -> None:
        self._count = 0
        self._bytes = 0

    def problem(self, note: EmitNote) -> str | None:
        """Why this event is refused; None, and it counts from now on."""
        if why := note_type_problem(note.type):
            return f"the event type {note.type[:LONGEST_TYPE]!r} {why}"
        if note.dedupe_key is not None and len(note.dedupe_key) > LONGEST_KEY:
            return f"the event's dedupe_key has more than {LONGEST_KEY} characters"
        if self._count >= MOST_EVENTS:
            return f"one attempt may emit {MOST_EVENTS} events"
        if self._bytes + len(note.payload) > MOST_BYTES:
            return f"the events of one attempt may hold {MOST_BYTES} bytes, and this one would make it more"
        self._count += 1
        self._bytes += len(note.payload)
        return None

    def note(self, type_: str, data: object, dedupe_key: str | None) -> EmitNote:
        """An event, checked and counted.

        Raises:
            ContextError: its type is none, its data is no JSON, or there are too many.
        """
        if why := type_problem(type_):
            msg = f"the event type {type_[:LONGEST_TYPE]!r} {why}"
            raise ContextError(msg, retryable=False)
        note = EmitNote(type_, to_json(f"the data of the event {type_!r}", data), dedupe_key)
        if why := self.problem(note):
            raise ContextError(why, retryable=False)
        return note
