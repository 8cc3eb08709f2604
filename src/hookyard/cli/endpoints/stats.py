"""`hookyard endpoints stats`: how endpoints are, what is wrong first."""

from typing import Annotated, Final

import typer

from hookyard.cli.endpoints.common import encoded, path_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect

_MOST: Final = 10
"""Of so many endpoints that are not well more is told than their names."""


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command(epilog=examples("hookyard endpoints stats", "hookyard endpoints stats audit"))(stats)


def stats(
    name: Annotated[str | None, typer.Argument(help="One endpoint; left out, those that are not well.")] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say how an endpoint is, what is wrong first: its last error, backlog, breaker, rates and latencies.

    Without a name: which endpoints are disabled, failing, broken or have dead letters of the last day, and how those
    are. Numbers are over the last 1,000 deliveries.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.endpoints.health import ailing, overview, report
    from hookyard.clock import SystemClock

    with connect(url, token_file) as api:
        if name is not None:
            found = api.call("GET", path_of(name, "stats"))
            typer.echo(encoded(found) if as_json else "\n".join(report(found, SystemClock().now())))
            return
        rows = list(api.pages("/api/v1/endpoints", "endpoints", {"limit": 200}))
        ill = ailing(rows)
        numbers = [api.call("GET", path_of(row["name"], "stats")) for row in ill[:_MOST]]
    if as_json:
        for each in numbers:
            typer.echo(encoded(each))
        return
    typer.echo("\n".join(overview(rows, ill, numbers, SystemClock().now())))
