"""`hookyard deliveries resend`: one delivery, or many in as few calls as there can be."""

from typing import Final

import typer

from hookyard.cli.deliveries.many import DeliveryIds, each_of, ids_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect

_AT_ONCE: Final = 100
"""What the route takes in one call."""


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command(
        epilog=examples(
            "hookyard deliveries resend 019b7c9e-0d4e-7000-8000-000000000001",
            "hookyard deliveries list --dead --since 1d --json | jq -r .id | hookyard deliveries resend -",
            "hookyard deliveries resend - --json <ids | jq -r 'select(.problem) | .id'",
        )
    )(resend)


def resend(
    delivery_ids: DeliveryIds,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Send deliveries again, each under the same id, whatever became of it.

    Says of each how it stands now. One that is refused keeps no other from being sent; when any is, the exit code is
    that of the first refusal. What is no id at all is refused before any is sent. With --json there is a line for each
    id, with its `status`, or the `problem` for which it was refused.
    """
    found = ids_of(delivery_ids, token_file)
    if not found:
        typer.echo("There is nothing to send: no ids came.", err=True)
        return
    with connect(url, token_file) as api:
        if len(found) == 1 and not as_json:
            changed = api.call("POST", f"/api/v1/deliveries/{found[0]}/resend")
            typer.echo(f"{changed['id']} is {changed['status']}")
            return
        code = each_of(
            lambda ids: api.call("POST", "/api/v1/deliveries/resend", body={"ids": ids})["results"],
            found,
            at_once=_AT_ONCE,
            as_json=as_json,
        )
    if code:
        raise typer.Exit(code)
