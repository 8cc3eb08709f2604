"""`hookyard token create|list|revoke|rotate`: the tokens of a running gateway's store."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

_COLUMNS: Final = ("id", "name", "state", "tenant", "scopes", "expires_at", "last_used_at", "uses")
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `hookyard token list` shows it.")]
ExpiresOption = Annotated[
    float | None, typer.Option(min=1, help="After how many seconds it ends; left out, as late as it may.")
]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    group.command("rotate")(rotate)


def create(  # noqa: PLR0917  each is an option
    name: Annotated[str, typer.Argument(help="Who it is for, as logs and jobs will call it.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; may be given several times.")],
    tenant: Annotated[str | None, typer.Option(help="Whose it is; left out, as the one that makes it.")] = None,
    expires_in: ExpiresOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token that may do no more than the one it is made with, and print it, this once."""
    body: dict[str, object] = {"name": name, "scopes": scope}
    if tenant is not None:
        body["tenant"] = tenant
    if expires_in is not None:
        body["expires_in"] = expires_in
    with connect(url, token_file) as api:
        _print(api.call("POST", "/api/v1/tokens", body=body), as_json=as_json)


def list_tokens(
    name: Annotated[str | None, typer.Option(help="Only those of this name.")] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tokens of the store, newest first; those of the configuration are not among them."""
    with connect(url, token_file) as api:
        show(list(api.pages("/api/v1/tokens", "tokens", {"name": name, "limit": 200})), _COLUMNS, as_json=as_json)


def revoke(token_id: IdArgument, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Let a token in no longer, from the next request on."""
    with connect(url, token_file) as api:
        api.call("DELETE", f"/api/v1/tokens/{_quoted(token_id)}")
    typer.echo(f"{token_id} is revoked.", err=True)


def rotate(  # noqa: PLR0917  likewise
    token_id: IdArgument,
    overlap: Annotated[float, typer.Option(min=0, help="For how many seconds the old one still gets in.")] = 0,
    expires_in: ExpiresOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token with the name and the scopes of another, instead of it, and print it, this once."""
    body: dict[str, object] = {"overlap": overlap}
    if expires_in is not None:
        body["expires_in"] = expires_in
    with connect(url, token_file) as api:
        _print(api.call("POST", f"/api/v1/tokens/{_quoted(token_id)}/rotate", body=body), as_json=as_json)


def _print(made: Mapping[str, Any], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(msgspec.json.encode(made).decode())
        return
    typer.echo(f"The token {made['name']}, {made['id']}. It is shown this once.", err=True)
    typer.echo(made["token"])


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
