"""The command line: `hookyard`.

What was asked for goes to standard output, everything about it to standard error. A wrong command line exits with
2; every other failure has the exit code that :mod:`hookyard.cli.failure` finds for it, after BSD's sysexits.h.
The modules here import nothing of the server at their top, so that `--help` is quick.
"""

import sys
from typing import Annotated

import typer

from hookyard.cli import (
    check,
    client,
    db,
    deliveries,
    demo,
    dev,
    doctor,
    egress,
    endpoints,
    hooks,
    jobs,
    lanes,
    listen,
    plugins,
    run,
    schedules,
    schema,
    serve,
    token,
    webhook,
)

app = typer.Typer(
    name="hookyard",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich takes half a second to say what plain text says at once
    pretty_exceptions_enable=False,  # its tracebacks show local variables
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    serve,
    dev,
    demo,
    check,
    doctor,
    db,
    plugins,
    run,
    schema,
    client,
    token,
    jobs,
    lanes,
    schedules,
    hooks,
    endpoints,
    deliveries,
    listen,
    webhook,
    egress,
):
    command.register(app)


def main() -> None:
    """Run the command line and exit."""
    # Imported here, as is all that only a failure needs.
    from hookyard.errors import HookyardError

    try:
        app()
    except HookyardError as error:
        from hookyard.cli.failure import explain

        lines, code = explain(error)
        for line in lines:
            typer.echo(line, err=True)
        sys.exit(code)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"hookyard {version('hookyard')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A typed plugin host with a durable webhook gateway: one process, one SQLite file."""
    del version
