"""`hookyard dev`: serve, and reload whenever a plugin or the configuration changes."""

from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(dev)


def dev(
    config: ConfigArgument = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen here instead of server.port; 0 takes a free one.")
    ] = None,
) -> None:
    """Serve as `hookyard serve` does, and take up every change of a plugin or the configuration at once.

    A change with something wrong in it is said so and changes nothing; so is a configuration that is wrong from the
    start, until it is right.
    """
    # Imported here so that the other commands do not pay for the server's start-up.
    from hookyard.cli.watching import develop

    develop(chosen(config), port)
