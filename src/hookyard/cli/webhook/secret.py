"""`hookyard webhook secret`: a new secret or key pair for an endpoint."""

from typing import Annotated

import typer


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("secret")(secret)


def secret(
    *, key: Annotated[bool, typer.Option("--key", help="An Ed25519 key pair, for `v1a`, instead of a secret.")] = False
) -> None:
    """Make a secret for an endpoint and its receiver, or a key pair: print it, this once.

    Of a key pair the first line is the private key, for the endpoint; the second the public key, for the receiver; the
    third its id, under which it is published at `/keys/{id}`.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.outbound.signing import new_key, new_secret, public_key

    typer.echo("It is shown this once.", err=True)
    if not key:
        typer.echo(new_secret())
        return
    private = new_key()
    public = public_key(private)
    for line in (private, public.text, public.kid):
        typer.echo(line)
