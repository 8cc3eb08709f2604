"""`hookyard hooks verify`: why a captured webhook is refused."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli import contents
from hookyard.cli.where import ConfigOption, chosen


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("verify")(verify)


def verify(  # noqa: PLR0917  what a person types, as options
    capture: Annotated[str, typer.Argument(help="A file with raw HTTP, a curl command or HAR; `-` is standard input.")],
    source: Annotated[str, typer.Option(help="The source of the configuration that it was sent to.")],
    config: ConfigOption = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it came, RFC 3339 with an offset; left out, when it says that it was sent."),
    ] = None,
    entry: Annotated[int | None, typer.Option(min=1, help="Which request of a HAR file, from 1.")] = None,
    document: Annotated[
        Path | None, typer.Option(help="The sender's certificate, where one is needed; nobody is asked for it.")
    ] = None,
) -> None:
    """Say step by step whether a captured webhook verifies, and what would have to be otherwise.

    Works offline: of the configuration only that source is read, and no plugin is imported. Exits with 0 when the
    request verifies and with 1 when it does not. Never prints a secret or the signature that was expected.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.hooks.configured import read_source
    from hookyard.clock import SystemClock
    from hookyard.config.schedules.rule import parse_instant
    from hookyard.inbound.explain.capture import CaptureError, parse
    from hookyard.inbound.explain.explain import explain
    from hookyard.timetable import RuleError

    content = contents.content(capture, "CAPTURE")
    try:
        when = None if at is None else parse_instant(at, "--at")
        folder = Path() if capture == "-" else Path(capture).parent
        request = parse(content, folder=folder, entry=entry)
    except RuleError as error:
        raise typer.BadParameter(error.problem, param_hint="--at") from None
    except CaptureError as error:
        raise typer.BadParameter(f"the capture cannot be used: {error}", param_hint="CAPTURE") from None
    subject = read_source(chosen(config), source)
    known = None if document is None else contents.content(str(document), "--document")
    found = explain(request, subject, at=when, now=SystemClock().now(), document=known)
    for step in found.steps:
        typer.echo(str(step))
    if not found.verified:
        raise typer.Exit(1)
