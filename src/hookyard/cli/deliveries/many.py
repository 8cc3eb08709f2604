"""What is done to one delivery or to many, by their ids: each with an answer of its own."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import encoded

_STDIN: Final = "-"

DeliveryIds = Annotated[
    list[str], typer.Argument(metavar="ID...", help="The deliveries' ids; `-`: from standard input, blanks between.")
]


def ids_of(typed: Sequence[str], token_file: Path | None) -> list[str]:
    """What was typed, and what came on standard input in the place of `-`, each once, in the form that ids have.

    Raises:
        BadParameter: standard input is to have the token too.
        Refused: one of them is none.
    """
    if _STDIN in typed and token_file is not None and str(token_file) == _STDIN:
        raise typer.BadParameter("standard input has either the ids or the token", param_hint="--token-file")
    return list(dict.fromkeys(_ids(typed)))


def each_of(
    done: Callable[[Sequence[str]], list[dict[str, Any]]],
    delivery_ids: Sequence[str],
    *,
    at_once: int,
    as_json: bool,
) -> int:
    """Have it done to all of them, and say of each how it stands now, or why not.

    Args:
        done: asks the gateway for so many, and answers what became of each: its `id` and `status`, or `problem`.
        delivery_ids: of which.
        at_once: how many one call takes.
        as_json: whether what became of each is printed as it is.

    Returns:
        The exit code: that of the first problem.

    Raises:
        Refused: the gateway does not; how far it came is told then too.
    """
    from hookyard.errors import CODES, Refused

    code = well = 0
    for start in range(0, len(delivery_ids), at_once):
        try:
            results = done(delivery_ids[start : start + at_once])
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
                well += 1
                continue
            typer.echo(f"hookyard: {each['id']}: {problem['detail']}", err=True)
            code = code or CODES.get(problem["code"], CODES["internal"]).exit_code
    if well < len(delivery_ids) and len(delivery_ids) > 1:
        typer.echo(f"hookyard: {len(delivery_ids) - well} of {len(delivery_ids)} were refused.", err=True)
    return code


def _ids(typed: Sequence[str]) -> Iterator[str]:
    from hookyard import ids
    from hookyard.errors import Refused

    for text in typed:
        for each in sys.stdin.read().split() if text == _STDIN else (text,):
            found = ids.parse(each)
            if found is None:
                raise Refused("invalid_request", f"{each!r} is not a delivery id.")
            yield found
