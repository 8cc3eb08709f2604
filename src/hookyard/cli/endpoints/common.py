"""What the commands about endpoints have in common."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

Name = Annotated[str, typer.Argument(help="The endpoint.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")]
OneLineOption = Annotated[bool, typer.Option("--json", help="Print JSON on one line, as all commands do with it.")]
"""Of what prints JSON in any case."""
SinceOption = Annotated[
    str | None, typer.Option(help="From when: 2h or 3d ago, or RFC 3339 such as 2027-01-06T08:30:00Z.")
]
UntilOption = Annotated[str | None, typer.Option(help="Until when, likewise; left out, now.")]


def path_of(name: str, word: str = "") -> str:
    """The path of an endpoint, and of what is done to it."""
    base = f"/api/v1/endpoints/{quote(name, safe='')}"
    return f"{base}/{word}" if word else base


def moment(text: str, option: str, now: int) -> int:
    """A time that was typed, in milliseconds: a while ago, or RFC 3339.

    Raises:
        BadParameter: it is neither.
    """
    # Imported here so that other commands do not pay for it.
    from hookyard.config.schedules.rule import parse_instant
    from hookyard.config.values import Duration
    from hookyard.timetable import RuleError

    try:
        return max(0, now - Duration.parse(text))
    except ValueError:
        pass
    try:
        return parse_instant(text, option)
    except RuleError as error:
        message = f"{error.problem}, and no while such as 90s, 2h or 3d"
        raise typer.BadParameter(message, param_hint=option) from None


def sure(question: str, *, yes: bool) -> None:
    """Ask whether it is meant, unless that was said.

    Raises:
        BadParameter: there is nobody to ask.
        Exit: it is not.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} If that is meant, give --yes.")
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was changed.", err=True)
        raise typer.Exit(1)


def encoded(value: object) -> str:
    """As JSON, on one line."""
    import msgspec

    return msgspec.json.encode(value).decode()


def indented(value: object) -> str:
    """As JSON, for people."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value)).decode()
