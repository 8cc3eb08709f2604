"""`hookyard token new`: a token for the configuration."""

from typing import Annotated

import typer


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("new")(new)


def new(
    name: Annotated[str, typer.Option(help="Who it is for, as logs and jobs will call it.")] = "me",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do; may be given several times.", show_default="trigger:*/*"),
    ] = None,
) -> None:
    """Make a token for the configuration: print it, this once, and the lines that let it in.

    The first line on standard output is the token, the others are YAML.
    """
    # Imported here so that the other commands do not pay for it.
    import json

    from hookyard.auth.tokens import digest, new_token
    from hookyard.config import loads
    from hookyard.errors import ConfigError

    token = new_token()
    yaml = "\n".join(
        (
            "tokens:",
            f"  - name: {json.dumps(name)}",
            f'    sha256: "{digest(token)}"',
            f"    scopes: {json.dumps(scope or ['trigger:*/*'])}",
        )
    )
    try:
        loads(yaml, environ={})
    except ConfigError as error:
        raise typer.BadParameter("; ".join(problem.message for problem in error.problems)) from None
    typer.echo("The token. It is shown this once; the configuration keeps its digest only.", err=True)
    typer.echo(token)
    typer.echo("\nThe lines for the configuration:", err=True)
    typer.echo(yaml)
