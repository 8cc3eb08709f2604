"""`hookyard client`: programs that call a gateway."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Generate typed clients.")
    group.command("generate")(generate)
    group.callback()(_group)
    app.add_typer(group, name="client")


def _group() -> None:
    """Keep `generate` a word of its own although it is the only one."""


def generate(
    out: Annotated[Path, typer.Option(help="Write the module here; `-` is standard output.")],
    url: Annotated[str | None, typer.Option(help="A running gateway, such as http://127.0.0.1:8420.")] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="HOOKYARD_TOKEN", help="A bearer token, for a gateway that asks for one."),
    ] = None,
    lock: Annotated[Path | None, typer.Option(help="A lock, as `hookyard schema lock` writes it.")] = None,
) -> None:
    """Write a typed Python client of the commands of a gateway, or of a lock.

    The module needs msgspec and httpx, not Hookyard. The same commands give the same bytes.
    """
    # Imported here so that the other commands do not pay for it.
    from importlib.metadata import version

    from hookyard.cli.failure import write
    from hookyard.cli.promised import open_lock
    from hookyard.client.generate import client_module
    from hookyard.client.generate.fetch import fetch

    if (url is None) == (lock is None):
        msg = "give --url or --lock, one of them"
        raise typer.BadParameter(msg)
    found = open_lock(lock) if lock is not None else fetch(f"{url}", token)
    source = client_module(found, version("hookyard"))
    if str(out) == "-":
        typer.echo(source, nl=False)
        return
    write(out, source.encode())
    typer.echo(f"{out}: {len(found.commands)} commands, sha256:{found.digest()}", err=True)
