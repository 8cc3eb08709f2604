"""The types of every command and event as a file: what was promised, for a later version to be held to."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, field

from hookyard.command import CommandSpec
from hookyard.context.events import EventSpec
from hookyard.errors import ConfigError, Problem
from hookyard.schema.types import Schema, apart, components
from hookyard.schema.wellformed import fault_of, fault_of_events

FORMAT: Final = 1
NAME: Final = "hookyard.lock.json"
"""What the file is called, beside the configuration."""
_REFERENCE: Final = "#/types/{name}"


class LockedCommand(Struct, frozen=True, kw_only=True):
    """One command, as it was promised."""

    input: dict[str, Any]
    """JSON Schema; references lead to the lock's `types`."""
    output: dict[str, Any]
    summary: str = ""
    description: str = ""
    read_only: bool = False
    idempotent: bool = False
    deprecated: bool = False


class LockedEvent(Struct, frozen=True, kw_only=True):
    """One type of event that a plugin declares, as it was promised; it stands for itself."""

    data: dict[str, Any]
    """JSON Schema; references lead to `types` beside it."""
    types: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What the schema refers to, as `#/types/<plugin>.<type>`: those of commands may be others of the same name."""


class Lock(Struct, frozen=True, kw_only=True):
    """All commands of a configuration, with the types they share, and the events that its plugins declare."""

    format: int = field(name="hookyard_lock", default=FORMAT)
    plugins: dict[str, str | None]
    """Their versions, where they have one."""
    commands: dict[str, LockedCommand]
    """By `plugin/command`."""
    types: dict[str, dict[str, Any]]
    """What the schemas refer to, as `#/types/<plugin>.<type>`."""
    events: dict[str, LockedEvent] = field(default_factory=dict[str, LockedEvent])
    """By `plugin/type`; a lock that is older than these has none."""

    def schemas(self) -> list[Schema]:
        """Every schema of commands: those of the types, then those of the commands."""
        return [*self.types.values(), *(side for each in self.commands.values() for side in (each.input, each.output))]

    def digest(self) -> str:
        """SHA-256, in hex, of what the commands take and give, whatever else is said of them.

        Generated clients carry it: events are not in it, since no client changes with them.
        """
        return _sha256(self._told())

    def digest_of_all(self) -> str:
        """The same of the commands and of what the events say; without events it is that of the commands."""
        return _sha256([*self._told(), self.events]) if self.events else self.digest()

    def _told(self) -> list[object]:
        return [{key: (each.input, each.output) for key, each in self.commands.items()}, self.types]

    def to_json(self) -> bytes:
        """The file: the same commands give the same bytes, and a changed one a short difference of lines."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def _sha256(told: list[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def lock_of(
    specs: Iterable[CommandSpec],
    versions: Mapping[str, str | None],
    events: Iterable[tuple[str, EventSpec]] = (),
) -> Lock:
    """The lock of some commands and events.

    Args:
        specs: the commands, in any order.
        versions: of their plugins.
        events: what plugins declare, in any order, with their names.
    """
    ordered = sorted(specs, key=lambda spec: spec.key)
    declared = {f"{plugin}/{spec.type}": _event(plugin, spec) for plugin, spec in events}
    names = {key.partition("/")[0] for key in (*declared, *(spec.key for spec in ordered))}
    schemas, types = components(ordered, template=_REFERENCE)
    made = Lock(
        plugins={name: versions.get(name) for name in sorted(names)},
        commands={
            spec.key: LockedCommand(
                input=schemas[spec.key].input,
                output=schemas[spec.key].output,
                summary=spec.summary,
                description=spec.description,
                read_only=spec.options.read_only,
                idempotent=spec.options.idempotent,
                deprecated=spec.options.deprecated,
            )
            for spec in ordered
        },
        types={name: types[name] for name in sorted(types)},
        events={key: declared[key] for key in sorted(declared)},
    )
    # As it is once it was written and read: a default that is a tuple has become a list.
    return msgspec.json.decode(msgspec.json.encode(made), type=Lock)


def read_lock(text: bytes, name: str) -> Lock:
    """A lock from its file.

    Args:
        text: what the file holds.
        name: the file, for messages.

    Raises:
        ConfigError: it is no lock, or one of a later format.
    """
    try:
        lock = msgspec.json.decode(text, type=Lock)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError((Problem(name, 0, "", f"this is no schema lock: {error}"),)) from error
    if lock.format != FORMAT:
        message = f"the format is {lock.format}, and this Hookyard reads {FORMAT}; write it anew"
        raise ConfigError((Problem(name, 0, "hookyard_lock", message),))
    return checked(lock, name)


def checked(lock: Lock, name: str) -> Lock:
    """A lock from outside, whose schemas are such as Hookyard writes.

    Raises:
        ConfigError: they are not; with the place.
    """
    fault = fault_of(lock.types, {key: (each.input, each.output) for key, each in lock.commands.items()})
    fault = fault or fault_of_events({key: (each.data, each.types) for key, each in lock.events.items()})
    if fault is not None:
        raise ConfigError((Problem(name, 0, *fault),))
    return lock


def _event(plugin: str, spec: EventSpec) -> LockedEvent:
    data, types = apart(spec.data, plugin, template=_REFERENCE)
    return LockedEvent(data=data, types=types)


def references(part: object) -> set[str]:
    """The names of the types that any part of a lock refers to."""
    found: set[str] = set()
    waiting: list[Any] = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            members = cast("dict[str, Any]", each)
            if isinstance(members.get("$ref"), str):
                found.add(members["$ref"].removeprefix("#/types/"))
            waiting += members.values()
        elif isinstance(each, list):
            waiting += each
    return found
