"""The `manifest.yaml` of a Ductile plugin (version 1 of that format), as Structs and as what is wrong with one."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

Found = tuple[str, str]
"""One thing wrong: its key path in the manifest, and a sentence."""

Text = Annotated[str, Meta(min_length=1)]

SPEC: Final = "ductile.plugin"
VERSION: Final = 1
PROTOCOL: Final = 2
MIRROR: Final = "mirror_object"
_COMMAND: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Emitted(_Section, frozen=True, kw_only=True):
    """An event that a command emits; documentation."""

    event: Text
    values: tuple[str, ...] | None = None


class Values(_Section, frozen=True, kw_only=True):
    """What a command reads and emits; documentation."""

    consume: tuple[str, ...] | None = None
    emit: tuple[Emitted, ...] | None = None


class CommandEntry(_Section, frozen=True, kw_only=True):
    """One command."""

    name: str
    type: Literal["read", "write"]
    description: str | None = None
    idempotent: bool | None = None
    """Left out, what only reads is."""
    retry_safe: bool | None = None
    """Documentation: nothing acts on it, here or there."""
    input_schema: dict[str, object] | bool | None = None
    """JSON Schema, or the short form `{field: type}`."""
    output_schema: dict[str, object] | bool | None = None
    """Documentation: of some plugins it describes the whole answer, of others the payload of an event."""
    values: Values | None = None


class When(_Section, frozen=True, kw_only=True):
    """What a rule applies to."""

    command: Text


class FactOutput(_Section, frozen=True, kw_only=True):
    """What the `state_updates` of a command stand for."""

    when: When
    from_: Literal["state_updates"] = field(name="from")
    fact_type: Text
    compatibility_view: Literal["mirror_object", ""] | None = None


class ConfigKeys(_Section, frozen=True, kw_only=True):
    """The keys of its configuration."""

    required: tuple[Text, ...] | None = None
    optional: tuple[Text, ...] | None = None


class Stopwatch(_Section, frozen=True, kw_only=True):
    """Bounds on timings that newer plugins may send along; they are ignored here."""

    max_subs: Annotated[int, Meta(ge=1, le=256)] | None = None


class Manifest(_Section, frozen=True, kw_only=True):
    """The whole of the file."""

    manifest_spec: str
    manifest_version: int
    name: Text
    version: str | int | float
    """Text, or a number that lacks its quotes."""
    protocol: int
    entrypoint: Text
    commands: Annotated[tuple[CommandEntry, ...], Meta(min_length=1)]
    description: str | None = None
    concurrency_safe: bool | None = None
    fact_outputs: tuple[FactOutput, ...] | None = None
    config_keys: ConfigKeys | None = None
    stopwatch: Stopwatch | None = None

    def mirrored(self) -> frozenset[str]:
        """The commands whose `state_updates` replace the state."""
        return frozenset(rule.when.command for rule in self.fact_outputs or () if rule.compatibility_view == MIRROR)

    def required_keys(self) -> tuple[str, ...]:
        """The keys that its configuration must have."""
        return () if self.config_keys is None else self.config_keys.required or ()


def wrong(manifest: Manifest) -> Iterator[Found]:
    """Whatever its types alone do not say."""
    constants = ("manifest_spec", SPEC), ("manifest_version", VERSION), ("protocol", PROTOCOL)
    for key, wanted in constants:
        found: object = getattr(manifest, key)
        if found != wanted:
            yield key, f"{found!r} is not supported; it must be {wanted!r}"
    if not _NAME.fullmatch(manifest.name):
        yield "name", f"{manifest.name!r} is no name of at most 64 letters, digits, _ . -, a letter or digit first"
    entrypoint = PurePosixPath(manifest.entrypoint)
    if entrypoint.is_absolute():
        yield "entrypoint", f"{manifest.entrypoint!r} must be relative to the plugin's folder"
    elif ".." in manifest.entrypoint:
        yield "entrypoint", f"{manifest.entrypoint!r} must not have .. in it"
    yield from _wrong_commands(manifest)


def _wrong_commands(manifest: Manifest) -> Iterator[Found]:
    names: set[str] = set()
    for at, command in enumerate(manifest.commands):
        place = f"commands[{at}].name"
        if not _COMMAND.fullmatch(command.name):
            yield place, f"{command.name!r} is no command name; that is a letter, then letters, digits, _ and - only"
        elif command.name in names:
            yield place, f"there are two commands {command.name!r}"
        names.add(command.name)
    for at, rule in enumerate(manifest.fact_outputs or ()):
        if rule.when.command not in names:
            yield f"fact_outputs[{at}].when.command", f"{rule.when.command!r} is not among the commands"
