"""`hookyard hooks send`: a signed sample, as its sender would send it."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.where import HELP, checked, chosen


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("send")(send)


def send(  # noqa: PLR0917  what a person types, as options
    preset: Annotated[str, typer.Argument(help="Whose webhook: a name of `hookyard hooks presets`.")],
    event: Annotated[str, typer.Argument(help="The event, such as push.")],
    to: Annotated[str, typer.Option(help="Where to: the URL of a source, such as http://127.0.0.1:8420/hooks/github.")],
    secret_file: Annotated[
        Path | None,
        typer.Option(help="A file with the secret, `-` for standard input; left out, HOOKYARD_HOOK_SECRET has it."),
    ] = None,
    body: Annotated[Path | None, typer.Option(help="A file to send; left out, a small sample.")] = None,
    source: Annotated[
        str | None, typer.Option(help="A source of the configuration, whose scheme and secret are meant.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=HELP)] = None,
    delivery: Annotated[str | None, typer.Option(help="The id of the delivery; left out, a new one each time.")] = None,
    times: Annotated[int, typer.Option(min=1, max=1000, help="How often.")] = 1,
    *,
    form: Annotated[bool, typer.Option("--form", help="As a form that holds the JSON in a field.")] = False,
    print_only: Annotated[bool, typer.Option("--print", help="Print it as a curl command and send nothing.")] = False,
) -> None:
    """Sign a webhook and send it, and print what is answered; exits with 1 when that is no success.

    The secret is no option: the arguments of a process are there for every user of the machine to read. Of senders
    that sign by a key pair it is the private key.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.hooks.curl import curl
    from hookyard.cli.hooks.making import make
    from hookyard.cli.hooks.sender import VARIABLE, sender_of
    from hookyard.client.send import send as send_once

    where = chosen(config if source is None else checked(config))
    sender = sender_of(preset, secret_file, source, where)
    content = None if body is None else _read(body)
    fine = True
    for _ in range(times):
        request = make(sender, event, content, to=to, delivery=delivery, form=form)
        if print_only:
            command, needs_secret = curl(request, sender.secret)
            typer.echo(command)
            if needs_secret:
                typer.echo(f"It sends the secret itself, which it takes from {VARIABLE}.", err=True)
            continue
        answer = send_once(request.method, to, request.query, request.headers, request.body)
        typer.echo(f"{answer.status} {answer.reason}".rstrip())
        if answer.body:
            typer.echo(answer.body)
        fine &= answer.success
    if not fine:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {(error.strerror or 'error').lower()}") from None
