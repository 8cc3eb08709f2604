"""What a plugin is, for a server that does not import it."""

from typing import Any

import msgspec

from hookyard.errors import PluginLoadError
from hookyard.host.foreign.worker.messages import CommandManifest, Manifest
from hookyard.plugin import Plugin
from hookyard.schema import of_command, of_type


def manifest_of(plugin: Plugin[Any]) -> Manifest:
    """The plugin as values, its types as JSON Schemas.

    Raises:
        PluginLoadError: a type has no schema.
    """
    encode = msgspec.json.encode
    commands: list[CommandManifest] = []
    for spec in plugin.commands.values():
        try:
            schema = of_command(spec)
        except Exception as error:
            msg = f"the types of {spec.key} have no JSON Schema: {error}"
            raise PluginLoadError(msg) from error
        commands.append(
            CommandManifest(
                name=spec.name,
                is_async=spec.is_async,
                description=spec.description,
                options=spec.options,
                input=encode(schema.input),
                output=encode(schema.output),
            )
        )
    takes_none = plugin.config_type is type(None)
    return Manifest(
        name=plugin.name,
        version=plugin.version,
        api=plugin.api,
        config=None if takes_none else encode(of_type(plugin.config_type)),
        secrets=plugin.secrets,
        hooks=tuple(plugin.hooks),
        commands=tuple(commands),
        events={each.type: encode(of_type(each.data)) for each in plugin.events.values()},
    )
