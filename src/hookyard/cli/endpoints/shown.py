"""How new secrets are shown: this once."""

from collections.abc import Mapping
from typing import Any

import typer


def secrets_of(made: Mapping[str, Any]) -> None:
    """Print the secrets that were just made, and the public keys: each on its line, with what it is before it."""
    secrets = made.get("new_secrets", [])
    for secret in secrets:
        typer.echo(f"secret      {secret}")
    for key in made.get("public_keys", []):
        typer.echo(f"public key  {key['public_key']}  {key['url']}")
    if secrets:
        typer.echo("Keep the secret where the receiver verifies: it is shown this once.", err=True)
