"""`hookyard deliveries abandon`: one delivery, or many, one call after the other."""

from collections.abc import Callable
from typing import Any, Final

import typer

from hookyard.cli.deliveries.many import DeliveryIds, each_of, ids_of
from hookyard.cli.endpoints.common import YesOption, sure
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect

_ITS_OWN: Final = {"not_found", "delivery_active", "already_terminal"}
"""Refusals that say something of the one delivery alone."""


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command(
        epilog=examples(
            "hookyard deliveries abandon 019b7c9e-0d4e-7000-8000-000000000001",
            "hookyard deliveries list --status pending --event 'order.*' --json | jq -r .id | "
            "hookyard deliveries abandon - --yes",
        )
    )(abandon)


def abandon(
    delivery_ids: DeliveryIds,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give deliveries up that are still to be sent: they fail as abandoned.

    Says of each how it stands now, as `resend` does; one that is refused keeps no other from being given up. With
    --json there is a line for each id, with its `status`, or the `problem` for which it was refused.
    """
    found = ids_of(delivery_ids, token_file)
    if not found:
        typer.echo("There is nothing to give up: no ids came.", err=True)
        return
    which = f"the delivery {found[0]}" if len(found) == 1 else f"these {len(found)} deliveries"
    sure(f"Give {which} up? No receiver is told.", yes=yes)
    with connect(url, token_file) as api:
        code = each_of(lambda ids: [_given_up(api.call, each) for each in ids], found, at_once=1, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _given_up(call: Callable[[str, str], Any], delivery_id: str) -> dict[str, Any]:
    """How it stands now, or the problem of this one.

    Raises:
        Refused: the gateway does not, whichever it is.
    """
    from hookyard.errors import Refused

    try:
        return dict(call("POST", f"/api/v1/deliveries/{delivery_id}/abandon"))
    except Refused as error:
        if error.code not in _ITS_OWN:
            raise
        return {"id": delivery_id, "problem": {"code": error.code, "detail": error.detail}}
