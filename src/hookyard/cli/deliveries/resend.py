"""`hookyard deliveries resend`: one delivery, or many in as few calls as there can be."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import encoded
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect

_AT_ONCE: Final = 100
"""What the route takes in one call."""
_STDIN: Final = "-"

DeliveryIds = Annotated[
    list[str], typer.Argument(metavar="ID...", help="The deliveries' ids; `-`: from standard input, blanks between.")
]


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
    if _STDIN in delivery_ids and token_file is not None and str(token_file) == _STDIN:
        raise typer.BadParameter("standard input has either the ids or the token", param_hint="--token-file")
    found = list(dict.fromkeys(_ids(delivery_ids)))
    if not found:
        typer.echo("There is nothing to send: no ids came.", err=True)
        return
    with connect(url, token_file) as api:
        if len(found) == 1 and not as_json:
            changed = api.call("POST", f"/api/v1/deliveries/{found[0]}/resend")
            typer.echo(f"{changed['id']} is {changed['status']}")
            return
        code = _many(
            lambda ids: api.call("POST", "/api/v1/deliveries/resend", body={"ids": ids})["results"],
            found,
            as_json=as_json,
        )
    if code:
        raise typer.Exit(code)


def _many(send: Callable[[Sequence[str]], list[dict[str, Any]]], delivery_ids: Sequence[str], *, as_json: bool) -> int:
    """Send them again in as few calls as there can be, each of which answers what became of its own; the exit code."""
    from hookyard.errors import CODES, Refused

    code = done = 0
    for start in range(0, len(delivery_ids), _AT_ONCE):
        try:
            results = send(delivery_ids[start : start + _AT_ONCE])
        except Refused:
            if start:
                typer.echo(f"hookyard: {start} of {len(delivery_ids)} were asked for, as said; not the rest.", err=True)
            raise
        for each in results:
            problem = each.get("problem")
            if as_json:
                typer.echo(encoded(each))
            elif problem is None:
                typer.echo(f"{each['id']} is {each['status']}")
            if problem is None:
                done += 1
                continue
            typer.echo(f"hookyard: {each['id']}: {problem['detail']}", err=True)
            code = code or CODES.get(problem["code"], CODES["internal"]).exit_code
    if done < len(delivery_ids) and len(delivery_ids) > 1:
        typer.echo(f"hookyard: {len(delivery_ids) - done} of {len(delivery_ids)} were refused.", err=True)
    return code


def _ids(typed: Sequence[str]) -> Iterator[str]:
    """What was typed, and what came on standard input in the place of `-`, in the form that ids have.

    Raises:
        Refused: one of them is none.
    """
    from hookyard import ids
    from hookyard.errors import Refused

    for text in typed:
        for each in sys.stdin.read().split() if text == _STDIN else (text,):
            found = ids.parse(each)
            if found is None:
                raise Refused("invalid_request", f"{each!r} is not a delivery id.")
            yield found
