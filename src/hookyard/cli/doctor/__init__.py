"""`hookyard doctor`: find out what is wrong with a deployment, and say what to do."""

from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(
    config: ConfigArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find out what is wrong with a deployment: its configuration, its files, its store, its server.

    Changes nothing, and may be run beside the server, as the server's user. Says of each finding what it is, why it
    matters and what to do. Exits with 0 when there is nothing or only something to know, with 1 when there is a
    warning, and with 3 when there is an error.
    """
    # Imported here so that the other commands do not pay for it.
    import sys
    from contextlib import redirect_stdout

    import msgspec

    from hookyard import log
    from hookyard.cli.doctor.examination import examine_all
    from hookyard.cli.doctor.finding import EXIT

    log.setup("warning", "auto")
    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        found = examine_all(chosen(config))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for one in found.findings:
            typer.echo(f"{one.severity:<7}  {one.code}: {one.what}\n         why: {one.why}\n         do:  {one.do}")
        if not found.findings:
            typer.echo(f"{found.config}: nothing is wrong")
    if found.worst != "ok" and EXIT[found.worst]:
        raise typer.Exit(EXIT[found.worst])
