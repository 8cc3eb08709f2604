"""`hookyard endpoints list` and `show`."""

from collections.abc import Mapping
from enum import StrEnum
from textwrap import shorten
from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import Name, OneLineOption, encoded, indented, path_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

_COLUMNS: Final = ("name", "state", "events", "commands", "url", "failing_since")
_WIDTH: Final = 60
"""Of a problem so many characters stand in a list."""


class State(StrEnum):
    """How an endpoint is."""

    live = "live"
    faulty = "faulty"
    disabled = "disabled"
    off = "off"


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("list", epilog=examples("hookyard endpoints list --failing"))(list_endpoints)
    group.command("show")(show_endpoint)


def list_endpoints(
    state: Annotated[
        State | None,
        typer.Option(help="Only those that are so; `off` is by their settings, `faulty` because of a problem."),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    failing: Annotated[
        bool, typer.Option("--failing", help="Only those whose last attempt failed, or with new dead letters.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List endpoints, by name."""
    query = {"state": None if state is None else state.value, "failing": failing or None, "limit": 200}
    with connect(url, token_file) as api:
        rows = api.pages("/api/v1/endpoints", "endpoints", query)
        show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def show_endpoint(
    name: Name,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    one_line: OneLineOption = False,
) -> None:
    """Print all of an endpoint, as JSON; no secret, and no value of a header of its own."""
    with connect(url, token_file) as api:
        found = api.call("GET", path_of(name))
    typer.echo(encoded(found) if one_line else indented(found))


def _row(found: dict[str, Any]) -> dict[str, object]:
    return {**found, "state": state_of(found)}


def state_of(found: Mapping[str, Any]) -> str:
    """How an endpoint is, in a few words; `show` and `stats` have all of them."""
    state = found["state"]
    if "disabled" in found:
        state = f"disabled ({found['disabled']['reason']})"
    if "dead_letter_at" in found:
        state = f"{state}, dead letter at {found['dead_letter_at'][:16]}Z"
    more = (shorten(found[key], _WIDTH, placeholder=" ...") for key in ("problem", "warning") if key in found)
    return ", ".join([str(state), *more])
