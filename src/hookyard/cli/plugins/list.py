"""`hookyard plugins list`: every plugin that is found, and what became of it."""

from typing import Annotated

import typer

from hookyard.cli.where import ConfigOption, chosen


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("list")(list_plugins)


def list_plugins(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every plugin that is found, with its state.

    Loads what a server would; nothing of a plugin that is disabled, blocked or incompatible is imported or run.
    """
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard.cli.plugins.loading import registry_of
    from hookyard.host.views import PluginList, hook_names, plugin_row

    registry = registry_of(chosen(config))
    rows = [plugin_row(registry, record, hook_names(registry, record)) for record in registry.plugins]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(PluginList(rows))).decode())
        return
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        commands = ", ".join(command.name for command in row.commands)
        if row.events:
            commands += f"; emits {', '.join(event.type for event in row.events)}"
        about = commands.removeprefix("; ") or " ".join(str(row.reason or "").split())
        typer.echo(f"{row.name:<{width}}  {row.state:<12}  {row.kind:<8}  {row.version or '-':<8}  {about}".rstrip())
