"""What an exec plugin says of itself: `EXE describe` prints it as JSON, or a `plugin.yaml` holds it."""

import difflib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from hookyard.command import Priority
from hookyard.errors import place_of
from hookyard.model import YEAR
from hookyard.plugin import is_name

Schema = dict[str, Any]
Seconds = Annotated[float, Meta(gt=0, le=YEAR)]
Wait = Annotated[float, Meta(ge=0, le=YEAR)]
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Text = Annotated[str, Meta(min_length=1)]


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class RetryEntry(_Entry, frozen=True, kw_only=True):
    """How often a command is tried; as :class:`hookyard.Retry`."""

    attempts: Count = 4
    base: Wait = 1.0
    factor: Annotated[float, Meta(ge=1)] = 2.0
    cap: Wait = 300.0
    jitter: bool = True


class CommandEntry(_Entry, frozen=True, kw_only=True):
    """One command."""

    name: Text
    """A lower-case letter, then a-z, 0-9, `_` and `-`."""
    description: str = ""
    """Its first line is the summary."""
    input: Schema = msgspec.field(default_factory=lambda: {"type": "object"})
    """The JSON Schema of what it takes: an object. Left out, any object."""
    output: Schema = msgspec.field(default_factory=dict[str, Any])
    """The JSON Schema of what it answers. Left out, anything."""
    read_only: bool = False
    """It changes nothing, so that a lesser scope may trigger it."""
    idempotent: bool = False
    """Running it twice is the same as running it once."""
    timeout: Seconds | None = None
    """Seconds one attempt may take; left out, `jobs.timeout` of the configuration."""
    retry: RetryEntry = RetryEntry()
    concurrency: Count | None = None
    """How many may run at once; left out, 16."""
    priority: Priority = 0
    """Of its jobs, where the caller gives none; higher runs first."""
    deprecated: bool = False
    scratch: bool = False
    """Whether each call gets a folder of its own to work in, empty at first and gone afterwards; without it, calls
    work in the plugin's folder."""


class Manifest(_Entry, frozen=True, kw_only=True):
    """A whole plugin."""

    name: Text
    """The name of its file, without what follows the last dot, or of its folder."""
    api: int
    """1: of the plugin API."""
    version: str | None = None
    description: str = ""
    run: Text | None = None
    """In a folder's `plugin.yaml` only: the executable, relative to the folder and inside it."""
    config: Schema | None = None
    """The JSON Schema of its configuration, an object; left out, it takes none."""
    secrets: tuple[Text, ...] = ()
    """The names of the secrets that every call gets."""
    state: bool = False
    """Whether every call gets what the plugin keeps."""
    events: dict[str, Schema] = msgspec.field(default_factory=dict[str, Schema])
    """The events that its commands emit, by type, each with the JSON Schema of its data, an object."""
    commands: Annotated[tuple[CommandEntry, ...], Meta(min_length=1)]


Report = Callable[[str, str], None]
"""Takes a key path, such as `commands[0].timeout`, and what is wrong there."""


def read(value: object, report: Report) -> Manifest | None:
    """The manifest of a decoded document, or None and every problem that it has."""
    found: list[tuple[str, str]] = []

    def note(path: str, message: str) -> None:
        found.append((path, message))

    if not isinstance(value, dict):
        note("", f"expected an object, found {_shown(value)}")
    else:
        document = cast("dict[str, object]", value)
        _members(document, Manifest, "", note, {"commands", "events"})
        if "events" in document:
            _events(document["events"], note)
        commands = document.get("commands")
        if isinstance(commands, list) and commands:
            _commands(cast("list[object]", commands), note)
        elif "commands" in document:
            note("commands", "expected a list of commands, at least one")
    for path, message in found:
        report(path, message)
    return None if found else msgspec.convert(value, Manifest)


def _events(events: object, note: Report) -> None:
    if not isinstance(events, dict):
        note("events", f"expected an object of schemas by type, found {_shown(events)}")
        return
    for kind, schema in cast("dict[str, object]", events).items():
        if not isinstance(schema, dict):
            note(f"events.{kind}", f"expected a JSON Schema, found {_shown(schema)}")


def _commands(commands: list[object], note: Report) -> None:
    seen: dict[str, int] = {}
    for index, entry in enumerate(commands):
        at = f"commands[{index}]"
        if not isinstance(entry, dict):
            note(at, f"expected an object, found {_shown(entry)}")
            continue
        command = cast("dict[str, object]", entry)
        retry = command.get("retry")
        if isinstance(retry, dict):
            _members(command, CommandEntry, at, note, {"retry"})
            _members(cast("dict[str, object]", retry), RetryEntry, f"{at}.retry", note)
        else:
            _members(command, CommandEntry, at, note)
        name = command.get("name")
        if isinstance(name, str):
            if not is_name(name):
                note(f"{at}.name", f"{name!r} is no command name; that is a lower-case letter, then a-z 0-9 _ -")
            elif (first := seen.setdefault(name, index)) != index:
                note(f"{at}.name", f"commands[{first}] is called {name!r} already")


def _members(
    given: Mapping[str, object], kind: type[Struct], at: str, note: Report, skipped: set[str] | None = None
) -> None:
    """Look at each member by itself, so that one that is wrong hides no other."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    prefix = f"{at}." if at else ""
    for name in given:
        if name not in fields:
            close = difflib.get_close_matches(name, fields, n=1)
            note(f"{prefix}{name}", f"unknown key; did you mean {close[0]}?" if close else "unknown key")
    for name, field in fields.items():
        if name not in given:
            if field.required:
                note(f"{prefix}{name}", "missing")
        elif name not in (skipped or ()):
            try:
                msgspec.convert(given[name], field.type)
            except msgspec.ValidationError as error:
                problem, path = place_of(error)
                note(f"{prefix}{name}{path.removeprefix('$')}", problem[:1].lower() + problem[1:])


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "null" if value is None else repr(value)[:80]
