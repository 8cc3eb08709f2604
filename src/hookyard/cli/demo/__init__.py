"""`hookyard demo`: the main job, narrated, with nothing to configure and nothing else to start."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit after the story instead of serving on.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the gateway; 0 takes a free one.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Keep the SQLite file in this folder instead of a temporary one.")
    ] = None,
) -> None:
    """Watch the main job work: a signed push and a trigger come in, plugins run, signed webhooks go out."""
    # Imported here so that the other commands do not pay for the server's start-up.
    import asyncio

    import uvloop

    from hookyard.cli.demo.story import tell

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise typer.Exit(runner.run(tell(once=once, port=port, data=data)))
