"""JSON Schema of commands, from the types their functions are annotated with."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from hookyard.plugin import CommandSpec
from hookyard.schema.exact import complete
from hookyard.signature import type_hook

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"


class CommandSchema(Struct, frozen=True):
    """What a command takes and gives, each a JSON Schema (draft 2020-12) that stands for itself."""

    input: Schema
    output: Schema


def of_command(spec: CommandSpec) -> CommandSchema:
    """The schemas of one command, with the types they refer to under `$defs`."""
    return CommandSchema(input=of_type(spec.input_type), output=of_type(spec.output_type))


def of_type(kind: object) -> Schema:
    """The schema of one type, with the types it refers to under `$defs`."""
    return msgspec.json.schema(kind, schema_hook=type_hook)


def components(
    specs: Iterable[CommandSpec], *, template: str = "#/components/schemas/{name}"
) -> tuple[dict[str, CommandSchema], Schema]:
    """The schemas of many commands that share one place for the types they refer to, as OpenAPI has it.

    Two plugins may call different types by the same name, so each name there begins with its plugin's:
    `hello.Greet`. Where one plugin does, in two functions, its command's and the side's too:
    `hello.greet.input.Data`.

    Args:
        specs: the commands.
        template: what a reference looks like; `{name}` is replaced.

    Returns:
        The schemas by command key, which refer to the second part: the types by name.
    """
    commands: dict[str, CommandSchema] = {}
    shared: Schema = {}
    by_plugin: dict[str, list[CommandSpec]] = {}
    for spec in specs:
        by_plugin.setdefault(spec.plugin, []).append(spec)
    for plugin, group in by_plugin.items():
        kinds: list[object] = [kind for spec in group for kind in (spec.input_type, spec.output_type)]
        try:
            schemas, types = _named(kinds, plugin, template)
        except KeyError:  # msgspec: two types that even their module calls by the same name
            places = [f"{plugin}.{spec.name}.{side}" for spec in group for side in ("input", "output")]
            parts = [_named([kind], place, template) for kind, place in zip(kinds, places, strict=True)]
            schemas = [part[0][0] for part in parts]
            types = {name: schema for part in parts for name, schema in part[1].items()}
        shared |= types
        for spec, taken, given in zip(group, schemas[::2], schemas[1::2], strict=True):
            commands[spec.key] = CommandSchema(input=taken, output=given)
    return commands, shared


def apart(kind: object, plugin: str, *, template: str) -> tuple[Schema, Schema]:
    """The schema of one type of a plugin, and by name the types that it refers to, which begin with the plugin's.

    Args:
        kind: the type.
        plugin: whose it is.
        template: what a reference looks like; `{name}` is replaced.
    """
    schemas, types = _named([kind], plugin, template)
    return schemas[0], {name: types[name] for name in sorted(types)}


def _named(kinds: list[object], prefix: str, template: str) -> tuple[list[Schema], Schema]:
    prefixed = template.replace("{name}", f"{prefix}.{{name}}")
    found, types = msgspec.json.schema_components(kinds, schema_hook=type_hook, ref_template=prefixed)
    schemas = list(found)
    complete(kinds, schemas, {f"{prefix}.{name}": schema for name, schema in types.items()})
    return schemas, {f"{prefix}.{name}": schema for name, schema in types.items()}
