"""What `hookyard listen` prints: arrivals to standard output, all about itself to standard error."""

from collections.abc import Sequence

import msgspec
import typer

from hookyard.cli.listen.arrival import Arrival
from hookyard.cli.listen.fitting import fitting
from hookyard.cli.listen.registering import Registered
from hookyard.cli.listen.telling import as_json, as_lines


class Printing:
    """Prints for a person, or for a script.

    Args:
        json: whether every line is a JSON object.
        headers: whether a person is shown headers.
        whole: whether a person is shown all of a body.
        events: which events an endpoint that fits has.
        form: how its webhooks are signed; None: as usual.
    """

    def __init__(self, *, json: bool, headers: bool, whole: bool, events: Sequence[str], form: str | None) -> None:
        self._json = json
        self._headers = headers
        self._whole = whole
        self._events = events
        self._form = form

    def begin(self, url: str, registered: Registered | None, made: Sequence[str]) -> None:
        """Say where it listens, and what sends there.

        Args:
            url: where.
            registered: the endpoint that was made at a gateway.
            made: secrets that were made for this time, which nobody knows yet.
        """
        if self._json:
            endpoint = None if registered is None else registered.name
            self._out({"listening": url, "endpoint": endpoint, "secrets": list(made)})
            return
        typer.echo(f"Listening at {url}; Ctrl-C ends it.", err=True)
        if registered is not None:
            typer.echo(f"The gateway has the endpoint {registered.name} for as long.", err=True)
        if made:
            typer.echo("There was no secret, so here is a new one, in an endpoint that fits:", err=True)
            typer.echo("\n".join(fitting(url, made, self._events, self._form)))

    def tell(self, arrival: Arrival) -> None:
        """Print one arrival.

        Raises:
            OSError: nobody reads it any more.
        """
        if self._json:
            typer.echo(as_json(arrival))
            return
        for line in as_lines(arrival, headers=self._headers, whole=self._whole):
            typer.echo(line)

    def _out(self, value: object) -> None:
        typer.echo(msgspec.json.encode(value).decode())
