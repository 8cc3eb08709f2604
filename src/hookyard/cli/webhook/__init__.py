"""`hookyard webhook`: outgoing webhooks by hand: sign one, verify one that came, make a secret."""

import typer

from hookyard.cli.webhook import secret, sign, verify


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Sign a webhook, verify one that came, make a secret.")
    for command in (sign, verify, secret):
        command.register(group)
    app.add_typer(group, name="webhook")
