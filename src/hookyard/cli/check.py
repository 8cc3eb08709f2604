"""`hookyard check`: say all that is wrong with a configuration, or what it amounts to."""

from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(check)


def check(
    config: ConfigArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, also of the problems.")] = False,
) -> None:
    """Check a configuration, its plugins and routes included, without serving anything.

    Exits with 0, or with 78 when there are problems, a plugin that cannot be loaded among them. Plugins that are
    disabled are not imported.
    """
    # Imported here so that the other commands do not pay for it.
    import sys
    from contextlib import redirect_stdout

    from hookyard.cli.failure import CONFIG
    from hookyard.cli.report import examine

    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        report = examine(chosen(config))
    if as_json:
        typer.echo(report.to_json())
    else:
        for line in report.complaints():
            typer.echo(line, err=True)
        if report.ok:
            for line in report.summary():
                typer.echo(line)
    if not report.ok:
        raise typer.Exit(CONFIG)
