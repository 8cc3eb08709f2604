"""`hookyard endpoints delete`, `enable`, `disable` and `rotate`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.endpoints.common import Name, YesOption, encoded, path_of, sure
from hookyard.cli.endpoints.listing import state_of
from hookyard.cli.endpoints.shown import secrets_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect


class Kind(StrEnum):
    """What a secret signs."""

    v1 = "v1"
    v1a = "v1a"


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("delete")(delete)
    group.command("enable")(enable)
    group.command("disable")(disable)
    group.command(
        epilog=examples(
            "hookyard endpoints rotate audit --overlap 48h",
            "hookyard endpoints rotate audit --kind v1a --json | jq -r '.public_keys[0].public_key'",
        )
    )(rotate)


def delete(
    name: Name,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forget an endpoint; what is still to be sent to it fails as endpoint_removed."""
    sure(f"Delete the endpoint {name}? What waits for it is not sent.", yes=yes)
    with connect(url, token_file) as api:
        api.call("DELETE", path_of(name))
    typer.echo(encoded({"name": name, "deleted": True}) if as_json else f"{name} is deleted")


def enable(
    name: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Let an endpoint get events again; `replay` sends what it missed meanwhile."""
    with connect(url, token_file) as api:
        found = api.call("POST", path_of(name, "enable"))
    typer.echo(encoded(found) if as_json else f"{name} is {state_of(found)}")


def disable(
    name: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Let an endpoint get nothing more until it is enabled."""
    with connect(url, token_file) as api:
        found = api.call("POST", path_of(name, "disable"))
    typer.echo(encoded(found) if as_json else f"{name} is {state_of(found)}")


def rotate(  # noqa: PLR0917  what a person types, as options
    name: Name,
    kind: Annotated[Kind, typer.Option(help="Which secrets are replaced: HMAC (v1) or Ed25519 keys (v1a).")] = Kind.v1,
    overlap: Annotated[str, typer.Option(help="For how long the old ones sign as well, such as 48h; 0s for none.")] = (
        "24h"
    ),
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with the new secret, `-` for standard input; left out, one is made.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replace the secret of an endpoint, and print the new one, which is shown this once.

    Both sign until the overlap ends: give the receiver the new one before that.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.endpoints.asked import secrets_in
    from hookyard.config.values import Duration

    try:
        length = Duration.parse(overlap)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--overlap") from None
    given = None if secret_file is None else secrets_in(secret_file)
    if given is not None and len(given) != 1:
        raise typer.BadParameter(f"{secret_file} has more than one secret", param_hint="--secret-file")
    if not length:
        sure(f"Replace it at once? What the receiver of {name} has verifies nothing from now on.", yes=yes)
    body = {"kind": kind.value, "overlap": length.text, **({} if given is None else {"secret": given[0]})}
    with connect(url, token_file) as api:
        made = api.call("POST", path_of(name, "rotate"), body=body)
    if as_json:
        typer.echo(encoded(made))
        return
    secrets_of(made)
    old = [one for one in made["secrets"] if one["kind"] == kind.value and "until" in one and not one.get("expired")]
    ends = sorted(one["until"] for one in old)
    if ends:
        typer.echo(f"The old one signs as well until {ends[-1]}.", err=True)
