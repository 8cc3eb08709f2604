"""`hookyard token`: bearer tokens, of the configuration and of the store."""

import typer

from hookyard.cli.token import bootstrap, new, store


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Make, list, revoke and rotate bearer tokens.")
    for command in (new, bootstrap, store):
        command.register(group)
    app.add_typer(group, name="token")
