"""`hookyard run`: the commands that a plugin adds to the command line, by its hook `register_cli`."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.where import HELP, checked, chosen


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    # What comes after the plugin is the plugin's, options too.
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
    app.command(context_settings=settings)(run)


def run(
    ctx: typer.Context,
    plugin: Annotated[str, typer.Argument(help="The plugin; what follows is a command of its own, and its arguments.")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="HOOKYARD_CONFIG", help=HELP, callback=checked)
    ] = None,
) -> None:
    """Run a command that a plugin brings along; without one, say which there are.

    No server is needed. Only this plugin is loaded. Exits as the command does: with 1 when it raises.
    """
    # Imported here so that the other commands do not pay for it.
    import sys
    from contextlib import redirect_stdout

    from hookyard.cli.brought import commands_of, group_of
    from hookyard.config import load_file

    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        commands = commands_of(load_file(chosen(config)), plugin)
        group = group_of(plugin, commands)
    group.main(args=ctx.args or ["--help"], prog_name=f"hookyard run {plugin}")
