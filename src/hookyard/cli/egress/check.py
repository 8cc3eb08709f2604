"""`hookyard egress check`: what the guard says of a URL."""

from pathlib import Path
from typing import Annotated, Final

import typer

_CONFIG: Final = (
    "The YAML file whose `outbound` holds; left out, hookyard.yaml or config.yaml in this folder, or else the defaults."
)


def check(
    url: Annotated[str | None, typer.Argument(help="The URL; left out, that of the endpoint.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=_CONFIG)] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="An endpoint of the file, whose own `allow_networks` hold too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether webhooks may be sent to a URL, and which of its host's addresses decides that.

    Asks this machine's resolver and connects nowhere. Exits with 0 when it may be called, with 77 when it may not, and
    with 75 when its host has no address now.
    """
    # Imported here so that the other commands do not pay for it.
    import asyncio

    from hookyard.cli.egress.finding import asked, json, lines
    from hookyard.egress.explain import explain
    from hookyard.egress.resolver import system_resolver
    from hookyard.errors import CODES

    where, rules = asked(url, config, endpoint)
    found = asyncio.run(explain(rules, where, system_resolver(rules.resolve_timeout)))
    for line in [json(found)] if as_json else lines(found):
        typer.echo(line)
    if found.refused is not None:
        typer.echo(f"It may not be called: {found.refused}.", err=True)
        raise typer.Exit(CODES["forbidden"].exit_code)
    if found.unresolved is not None:
        typer.echo(f"Its host has no address now: {found.unresolved}.", err=True)
        raise typer.Exit(CODES["busy"].exit_code)
