"""`hookyard deliveries show`, `attempts` and `abandon`: one delivery."""

from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import OneLineOption, encoded, indented
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show
from hookyard.cli.terminal import safe

_COLUMNS: Final = ("number", "started_at", "status", "duration_ms", "error", "response")
_SHOWN: Final = 80

DeliveryId = Annotated[str, typer.Argument(help="The delivery's id, which is its webhook-id too.")]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("show")(show_delivery)
    group.command("attempts")(attempts)


def show_delivery(
    delivery_id: DeliveryId,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    one_line: OneLineOption = False,
) -> None:
    """Print all of a delivery, as JSON, with its body for whoever may read jobs."""
    with connect(url, token_file) as api:
        found = api.call("GET", _path(delivery_id))
    typer.echo(encoded(found) if one_line else indented(found))


def attempts(
    delivery_id: DeliveryId,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the attempts at a delivery, oldest first, with what was answered; --json has all of it."""
    with connect(url, token_file) as api:
        rows = api.call("GET", _path(delivery_id, "attempts"))["attempts"]
    show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def _path(text: str, word: str = "") -> str:
    """The path of a delivery, and of what it has.

    Raises:
        Refused: that is no id.
    """
    from hookyard import ids
    from hookyard.errors import Refused

    found = ids.parse(text)
    if found is None:
        raise Refused("invalid_request", f"{text!r} is not a delivery id.")
    return f"/api/v1/deliveries/{found}{f'/{word}' if word else ''}"


def _row(attempt: dict[str, Any]) -> dict[str, object]:
    return {**attempt, "response": safe(" ".join((attempt["response"] or "").split()))[:_SHOWN]}
