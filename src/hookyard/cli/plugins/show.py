"""`hookyard plugins show`: all of one plugin."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hookyard.cli.where import ConfigOption, chosen


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("show")(show)


def show(
    name: Annotated[str, typer.Argument(help="The plugin.")],
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the commands' schemas.")] = False,
) -> None:
    """Show a plugin with its commands, events, secrets and hooks. Exits with 69 when there is none of this name."""
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard.cli.plugins.loading import registry_of
    from hookyard.errors import Refused
    from hookyard.host.views import FullPlugin, full_plugin, hook_names

    registry = registry_of(chosen(config))
    record = next((one for one in registry.plugins if one.name == name), None)
    if record is None:
        raise Refused("not_found", f"There is no plugin {name!r}; `hookyard plugins list` has them all.")
    shown = full_plugin(registry, record, hook_names(registry, record))

    def lines(plugin: FullPlugin) -> Iterator[str]:
        yield f"{plugin.name} {plugin.version or ''}".rstrip()
        yield f"  state      {plugin.state}" + (f": {plugin.reason}" if plugin.reason else "")
        yield f"  kind       {plugin.kind}" + (f", isolation {plugin.isolation}" if plugin.isolation else "")
        yield f"  origin     {plugin.origin}"
        if plugin.secrets:
            yield f"  secrets    {', '.join(plugin.secrets)}"
        if plugin.hooks:
            yield f"  hooks      {', '.join(hook.hook for hook in plugin.hooks)}"
        for note in plugin.notes:
            yield f"  note       {note}"
        for event in plugin.events:
            yield f"  event      {event.type}: {', '.join(_members(event.data)) or 'nothing'}"
        for command in plugin.commands:
            yield f"  command    {command.name}: {command.summary}".rstrip(": ")
            takes = ", ".join(_members(command.input)) or "nothing"
            limits = (
                f"{command.timeout:g} s, {command.max_attempts} attempts, {command.limit} at once in {command.lane}"
            )
            yield f"             takes {takes}; {limits}"

    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    for line in lines(shown):
        typer.echo(line)


def _members(schema: dict[str, Any]) -> list[str]:
    """The members of an object's schema, which may stand under `$defs`."""
    whole = schema.get("$defs", {}).get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    return list(whole.get("properties", {}))
