"""`hookyard endpoints`: who is told of events by a running gateway, how that goes, and what was missed."""

import typer

from hookyard.cli.endpoints import changing, listing, making, recovery, stats, trying


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Endpoints of outgoing webhooks: make, change, test, recover.")
    for command in (listing, making, changing, trying, stats, recovery):
        command.register(group)
    app.add_typer(group, name="endpoints")
