"""`hookyard endpoints test`: a sample, sent now."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from hookyard.cli.endpoints.common import Name, encoded, path_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect

_PAUSE: Final = 0.2
_PATIENCE: Final = 60.0
_SHOWN: Final = 500
_OPEN: Final = frozenset({"pending", "held", "sending"})


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("test", epilog=examples("hookyard endpoints test audit --event job.failed --wait"))(test)


def test(
    name: Name,
    event: Annotated[
        str | None, typer.Option(help="Which event; left out, one that the endpoint listens to.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the attempt, and print what the receiver answered.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a sample to an endpoint, and print the id of the delivery.

    With --wait: the status, how long it took, and the first bytes of the answer; exits with 1 when that is no success.
    """
    body = {} if event is None else {"event": event}
    with connect(url, token_file) as api:
        sent = api.call("POST", path_of(name, "test"), body=body)
        delivery = sent["id"]
        if not wait:
            typer.echo(encoded(sent) if as_json else delivery)
            return
        attempt = _first(lambda: _attempts(api, delivery))
    if as_json:
        typer.echo(encoded({"id": delivery, "attempt": attempt}))
    else:
        typer.echo("\n".join(told(attempt)))
    if attempt is None or attempt["error"] is not None:
        raise typer.Exit(1)
