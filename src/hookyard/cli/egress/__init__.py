"""`hookyard egress`: where requests may go."""

import typer

from hookyard.cli.egress.check import check
from hookyard.cli.egress.table import table


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        no_args_is_help=True, help="Where requests may go: the guard's table, and what it says of a URL."
    )
    group.command("check")(check)
    group.command("table")(table)
    app.add_typer(group, name="egress")
