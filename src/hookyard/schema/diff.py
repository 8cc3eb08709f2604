"""What has changed between a lock and the plugins of today, and what of it breaks those who rely on them.

Callers send inputs and read outputs; who gets an event only reads it, so that it is held to what an output is.
"""

from collections.abc import Iterator, Mapping

from hookyard.schema.change import Change, Side
from hookyard.schema.fit import Fit, Sides
from hookyard.schema.lock import Lock, LockedCommand, LockedEvent
from hookyard.schema.remarks import remarks
from hookyard.schema.types import Schema

Types = Mapping[str, Schema]


def diff(old: Lock, new: Lock, absent: Mapping[str, str] | None = None) -> tuple[Change, ...]:
    """Every difference, those that break first.

    Args:
        old: what was promised.
        new: what there is.
        absent: why plugins of the old one do not run, by name, as a clause.
    """
    found: list[Change] = []

    def gone(what: str, key: str) -> str:
        why = (absent or {}).get(key.partition("/")[0])
        return f"the {what} is gone" + (f": {why}" if why else "")

    # What is the same need not be compared, however large or deep it is.
    same = old.types == new.types
    for key, was in old.commands.items():
        now = new.commands.get(key)
        if same and was == now:
            continue
        if now is not None:
            found += _command(key, (was, old.types), (now, new.types))
        else:
            found.append(Change(key, None, "", gone("command", key)))
    found += [
        Change(key, None, "", "the command is new", breaking=False) for key in new.commands if key not in old.commands
    ]
    for key, told in old.events.items():
        tells = new.events.get(key)
        if told == tells:
            continue
        found += [Change(key, "event", "", gone("event", key))] if tells is None else _event(key, told, tells)
    found += [
        Change(key, "event", "", "the event is new", breaking=False) for key in new.events if key not in old.events
    ]
    return tuple(sorted(found, key=lambda change: (not change.breaking, change.name, change.side or "")))


def compare(side: Side, old: Schema, new: Schema, types: tuple[Types, Types]) -> Iterator[tuple[str, str, bool]]:
    """The differences of two schemas: pointer, sentence, whether it breaks.

    Args:
        side: of the command; what narrows an input breaks, and what widens an output.
        old: what was promised.
        new: what there is.
        types: what the old and the new one refer to, by the last part of the reference.
    """
    try:
        yield from list(_compared(side, old, new, types))
    except RecursionError:
        yield "", "the types are nested too deeply to tell what has changed", True


def _compared(side: Side, old: Schema, new: Schema, types: tuple[Types, Types]) -> Iterator[tuple[str, str, bool]]:
    told: set[tuple[str, str]] = set()
    for forward in (True, False):
        sides = Sides(side, forward, *types)
        pair = (old, new) if sides.source_is_old else (new, old)
        for pointer, message in Fit(sides).find(*pair):
            if (pointer, message) not in told:
                told.add((pointer, message))
                yield pointer, message, forward
    yield from ((pointer, message, False) for pointer, message in remarks(old, new, types))


def _command(key: str, old: tuple[LockedCommand, Types], new: tuple[LockedCommand, Types]) -> Iterator[Change]:
    (was, old_types), (now, new_types) = old, new
    types = (old_types, new_types)
    for side, had, has in (("input", was.input, now.input), ("output", was.output, now.output)):
        word: Side = "input" if side == "input" else "output"
        for pointer, message, breaking in compare(word, had, has, types):
            yield Change(key, word, pointer, message, breaking)
    if was.read_only and not now.read_only:
        message = "it was read-only and is not, so the scope trigger:ro no longer allows it"
        yield Change(key, None, "", message)
    for name, message in _SAID.items():
        before, after = getattr(was, name), getattr(now, name)
        if before != after and not (name == "read_only" and before):
            yield Change(key, None, "", message.format(word="now" if after else "no longer"), breaking=False)


def _event(key: str, old: LockedEvent, new: LockedEvent) -> Iterator[Change]:
    for pointer, message, breaking in compare("output", old.data, new.data, (old.types, new.types)):
        yield Change(key, "event", pointer, message, breaking)


_SAID: Mapping[str, str] = {
    "read_only": "it is {word} read-only",
    "deprecated": "it is {word} deprecated",
    "idempotent": "it is {word} said to be idempotent",
    "summary": "its summary has changed",
    "description": "its description has changed",
}
