"""`hookyard webhook verify`: whether a webhook that came is from whom it should be, and why not."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hookyard.cli.webhook.given import SecretFileOption, SecretOption


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("verify")(verify)


def verify(  # noqa: PLR0917  what a person types, as options
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="With -H the body; without it a capture: raw HTTP, a curl command or HAR. `-` is standard input.",
        ),
    ],
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    key: Annotated[
        list[str] | None, typer.Option(help="A public key, `whpk_...`, which is no secret; may be given several times.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header as `name: value`; may be given several times.")
    ] = None,
    form: Annotated[
        Literal["auto", "standard", "plain", "http"],
        typer.Option(help="The form that counts; `auto` never takes the plain one, in which no time is signed."),
    ] = "auto",
    url: Annotated[str | None, typer.Option(help="What the sender called, which an RFC 9421 signature covers.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it came: RFC 3339 with an offset, or `sent`, which takes any time; left out, now."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Seconds by which the time of sending may be off, in both directions.")
    ] = 300,
) -> None:
    """Say whether a webhook verifies, and if not, why, in words. Exits with 0 if it does and with 1 if not.

    Never prints a secret or the signature that was expected.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.contents import content
    from hookyard.cli.webhook.case import Case, captured
    from hookyard.cli.webhook.given import headers, needed, secrets
    from hookyard.client import SecretError

    keys = needed([*(key or ()), *secrets(secret, secret_file, otherwise=not key)])
    body = content(file, "FILE")
    moment = _moment(at)
    if header is None:
        folder = Path() if file == "-" else Path(file).parent
        request = captured(body, folder)
    else:
        request = Case(headers=tuple(headers(header)), body=body)
    try:
        lines, fine = request.judge(keys, form=form, url=url, now=moment, tolerance=tolerance)
    except SecretError as error:
        from hookyard.errors import Refused

        raise Refused("invalid_request", f"A secret or key {error}.") from None
    for line in lines:
        typer.echo(line)
    if not fine:
        raise typer.Exit(1)


def _moment(at: str | None) -> float | Literal["sent"] | None:
    """Seconds; None: now."""
    if at is None or at == "sent":
        return None if at is None else "sent"
    from hookyard.config.schedules.rule import parse_instant
    from hookyard.timetable import RuleError

    try:
        return parse_instant(at, "--at") / 1000
    except RuleError as error:
        raise typer.BadParameter(error.problem, param_hint="--at") from None
