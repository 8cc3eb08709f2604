"""`hookyard plugins`: what plugins there are, and what they are."""

import typer

from hookyard.cli.plugins import check, new, show, switch
from hookyard.cli.plugins import list as listing


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="See, switch and check plugins.")
    for command in (listing, show, switch, check, new):
        command.register(group)
    app.add_typer(group, name="plugins")
