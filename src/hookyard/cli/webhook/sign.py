"""`hookyard webhook sign`: the headers of a webhook, or a curl command that sends it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hookyard.cli.webhook.given import SecretFileOption, SecretOption


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("sign")(sign)


def sign(  # noqa: PLR0917  what a person types, as options
    file: Annotated[str, typer.Argument(metavar="FILE", help="The body, as it is sent; `-` is standard input.")],
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    identifier: Annotated[str | None, typer.Option("--id", help="The delivery's id; left out, a new one.")] = None,
    timestamp: Annotated[
        int | None, typer.Option(min=0, help="Seconds since 1970-01-01 UTC; left out, it is sent now.")
    ] = None,
    form: Annotated[
        Literal["standard", "plain", "http"],
        typer.Option(help="`http` is Standard Webhooks with an RFC 9421 signature besides."),
    ] = "standard",
    event: Annotated[str, typer.Option(help="The event's type, which the plain form has in a header.")] = "test",
    to: Annotated[str | None, typer.Option(help="Print a curl command to this URL; `http` signs the URL too.")] = None,
) -> None:
    """Sign a webhook as Hookyard would: with `whsec_` secrets, and with `whsk_` private keys. Nothing is sent.

    Prints the headers, or with --to a curl command. There is no secret in what is printed.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.contents import content
    from hookyard.cli.webhook.given import needed, secrets
    from hookyard.client import SecretError
    from hookyard.client import sign as sign_it
    from hookyard.errors import Refused

    keys = needed(secrets(secret, secret_file))
    body = content(file, "FILE")
    if identifier is not None and not (identifier.isascii() and identifier.isprintable() and identifier.strip()):
        raise typer.BadParameter("an id is printable ASCII", param_hint="--id")
    try:
        made = sign_it(body, keys, form=form, id=identifier, event=event, now=timestamp, url=to)
    except SecretError as error:
        raise Refused("invalid_request", f"A secret {error}.") from None
    if to is None:
        for name, value in made.items():
            typer.echo(f"{name}: {value}")
        return
    typer.echo(_curl(to, made, file, body))


def _curl(url: str, headers: dict[str, str], file: str, body: bytes) -> str:
    """For a POSIX shell."""
    import shlex

    words = ["curl", "-X", "POST", url]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    if file != "-":
        words += ["--data-binary", f"@{Path(file)}"]
    else:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:  # no argument of a program can hold it
            raise typer.BadParameter("the body is no text: give a file, which curl reads itself", param_hint="FILE")
        words += ["--data-raw", text]
    return shlex.join(words)
