"""`hookyard endpoints create` and `change`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hookyard.cli.endpoints.common import Name, encoded, path_of
from hookyard.cli.endpoints.listing import state_of
from hookyard.cli.endpoints.options import FileOption, Typed, spread
from hookyard.cli.endpoints.shown import secrets_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command(
        epilog=examples(
            "hookyard endpoints create audit --to https://audit.example/hooks --event 'job.*'",
            "hookyard endpoints create --to https://a.example --sign v1a --json | jq -r '.public_keys[0].public_key'",
            "hookyard endpoints create audit --from audit.yaml --rate 10/1s --order job",
        )
    )(create)
    group.command(
        epilog=examples(
            "hookyard endpoints change audit --event job.failed --event job.timed_out",
            "hookyard endpoints change audit --unset rate --unset if",
        )
    )(change)


@spread
def create(
    name: Annotated[str | None, typer.Argument(help="What it is called; left out, it gets a name.")] = None,
    *,
    typed: Typed,
    sign: Annotated[
        str | None, typer.Option(help="Which secrets are made: v1 (HMAC), v1a (Ed25519), or both: v1,v1a.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with secrets of one's own, one a line, `-` for standard input.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose events it is told, for a token without a tenant.")] = None,
    file: FileOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an endpoint, and print its secret, which is shown this once.

    With --json it is what the gateway answers; `new_secrets` has the secrets, `public_keys` those of key pairs.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.endpoints.asked import members_of, over, secrets_in

    members = members_of(typed)
    more = {
        "name": name,
        "sign": None if sign is None else [one.strip() for one in sign.split(",")],
        "secrets": None if secret_file is None else secrets_in(secret_file),
        "tenant": tenant,
    }
    asked = over(_from(file), {**members, **{key: value for key, value in more.items() if value is not None}})
    if "url" not in asked:
        raise typer.BadParameter("say where events are sent", param_hint="--to")
    with connect(url, token_file) as api:
        made = api.call("POST", "/api/v1/endpoints", body=asked)
    _say(made, as_json=as_json)


@spread
def change(
    name: Name,
    *,
    typed: Typed,
    unset: Annotated[
        list[str] | None,
        typer.Option(help="A key that has its default again, such as rate, or headers.X-Team; may be repeated."),
    ] = None,
    file: FileOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change some of an endpoint; what is not named stays as it is. One of the configuration is changed there.

    Lists such as events are replaced whole; headers and metadata are changed one by one.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.endpoints.asked import members_of, over, without

    members = members_of(typed)
    asked = over(over(_from(file), members), without(unset or ()))
    if not asked:
        raise typer.BadParameter("say what is to be changed: an option, --unset or --from")
    with connect(url, token_file) as api:
        changed = api.call("PATCH", path_of(name), body=asked)
    typer.echo(encoded(changed) if as_json else f"{name} is changed: {', '.join(asked)}; it is {state_of(changed)}")
    _warn(changed)


def _say(made: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(encoded(made))
        _warn(made)
        return
    typer.echo(f"{made['name']} is {state_of(made)}: {' '.join(made['events'])} to {made['url']}", err=True)
    secrets_of(made)
    _warn(made)


def _warn(shown: Mapping[str, Any]) -> None:
    if "warning" in shown:
        typer.echo(f"Warning: {shown['warning']}", err=True)


def _from(file: Path | None) -> Mapping[str, Any]:
    import os

    from hookyard.cli.endpoints.asked import read_file

    return {} if file is None else read_file(file, os.environ)
