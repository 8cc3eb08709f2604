"""`hookyard hooks`: inbound webhooks: why one is refused, sending one, the senders that are known, taking one again."""

import typer

from hookyard.cli.hooks import again, presets, send, verify


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Inbound webhooks: explain, send, list the senders, replay.")
    for command in (verify, send, presets, again):
        command.register(group)
    app.add_typer(group, name="hooks")
