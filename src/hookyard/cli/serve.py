"""`hookyard serve`: run the gateway."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(serve)


def serve(
    config: ConfigArgument = None,
    host: Annotated[str | None, typer.Option(help="Listen here instead of server.host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen here instead of server.port; 0 takes a free one.")
    ] = None,
) -> None:
    """Serve webhooks and triggers until SIGTERM or Ctrl-C, then finish what runs; SIGHUP reloads.

    Exits with 78 when the configuration is wrong, and with 75 when another process serves the same store.
    """
    # Imported here so that the other commands do not pay for the server's start-up.
    import dataclasses

    from msgspec.structs import replace

    from hookyard import log
    from hookyard.assembly import apart_from_plugins
    from hookyard.config import Loaded, load_file
    from hookyard.server import run

    path, folder = chosen(config), Path.cwd()

    def read() -> Loaded:
        loaded = load_file(path, folder=folder, checks=apart_from_plugins)
        server = loaded.config.server
        if host is not None:
            server = replace(server, host=host)
        if port is not None:
            server = replace(server, port=port)
        return dataclasses.replace(loaded, config=replace(loaded.config, server=server))

    loaded = read()
    log.setup(loaded.config.log.level, loaded.config.log.format)
    run(loaded, reread=read)
