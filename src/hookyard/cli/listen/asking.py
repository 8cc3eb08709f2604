"""What the options of `hookyard listen` mean."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import typer

from hookyard.cli.listen.answers import Answers, parse_answers
from hookyard.cli.listen.registering import Registration
from hookyard.client.verify import Form
from hookyard.config.values import Duration


def address(host: str, *, exposed: bool) -> str:
    """The address to listen at.

    Raises:
        BadParameter: it is none, or others reach it and nobody said that this is meant.
    """
    try:
        found = ip_address({"localhost": "127.0.0.1"}.get(host, host))
    except ValueError:
        raise typer.BadParameter(f"{host!r} is no IP address", param_hint="--host") from None
    if not found.is_loopback and not exposed:
        message = f"others than this machine reach {found}; if that is meant, give --yes-expose"
        raise typer.BadParameter(message, param_hint="--host")
    return str(found)


def answers(text: str, wish: str | None) -> Answers:
    """What to answer.

    Raises:
        BadParameter: there is a status that is none.
    """
    try:
        return parse_answers(text, wish)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--answer") from None


def milliseconds(text: str) -> int:
    """How long to wait.

    Raises:
        BadParameter: it is no length of time.
    """
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--delay") from None


def form(text: str | None) -> Form | None:
    """The only form that is taken."""
    return cast("Form | None", text)


def registration(
    name: str | None,
    events: Sequence[str],
    form: Form | None,
    *,
    gateway: str,
    token_file: Path | None,
) -> Callable[[str], Registration] | None:
    """What makes the endpoint of the URL that is listened at; None when none is asked for.

    Raises:
        Refused: there is no token to be read.
    """
    if name is None:
        return None
    from hookyard.cli.remote import token_of

    token = token_of(token_file)
    shape: dict[str, object] = {"signature": "plain"} if form == "plain" else {}
    if form == "http":
        shape = {"http_signature": True}
    wanted = {"events": list(events)} if events else {}
    body = {"name": name, "description": "For as long as `hookyard listen` runs.", **wanted, **shape}
    return lambda at: Registration(gateway, token, {**body, "url": at})
