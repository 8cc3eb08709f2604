"""`hookyard deliveries`: what a running gateway sends out, and what became of it."""

import typer

from hookyard.cli.deliveries import abandon, callbacks, listing, one, resend


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Outgoing webhooks: list, show, send again, give up, delete.")
    listing.register(group)
    one.register(group)
    resend.register(group)
    abandon.register(group)
    callbacks.register(group)
    app.add_typer(group, name="deliveries")
