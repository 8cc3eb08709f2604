"""`hookyard schema`: the types of things, for other programs, and what of a change of them breaks callers."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Print, lock and check the types of things.")
    group.command("config")(config)
    group.command("lock")(lock)
    group.command("check")(check)
    app.add_typer(group, name="schema")


def config(
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference page instead of JSON Schema.")] = False,
) -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard.config.reference import markdown as page
    from hookyard.config.schema import json_schema

    if markdown:
        typer.echo(page(), nl=False)
    else:
        typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())))


def lock(
    config: ConfigArgument = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write here; `-` is standard output.", show_default="hookyard.lock.json beside it"),
    ] = None,
) -> None:
    """Write down what every command takes and gives, and every declared event, for later versions to be held to.

    Keep the file under version control. Exits with 78 when a plugin that is not disabled cannot be loaded: a lock
    without it would let its commands go unseen.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.failure import write
    from hookyard.cli.promised import lock_file, promised

    found = promised(chosen(config)).lock
    if str(out) == "-":
        typer.echo(found.to_json(), nl=False)
        return
    path = lock_file(chosen(config), out)
    write(path, found.to_json())
    events = f", {len(found.events)} events" if found.events else ""
    clients = f"; of the commands alone, as clients carry it, sha256:{found.digest()}" if found.events else ""
    typer.echo(f"{path}: {len(found.commands)} commands{events}, sha256:{found.digest_of_all()}{clients}", err=True)


def check(
    config: ConfigArgument = None,
    lock: Annotated[
        Path | None, typer.Option(help="The lock.", show_default="hookyard.lock.json beside the configuration")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: every change.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say also what changed without a break.")] = False,
) -> None:
    """Compare the commands and the declared events of today with the lock.

    Exits with 0 when nobody who calls them or gets them is harmed, with 65 when somebody is, and with 78 when there is
    no lock or a plugin cannot be loaded. Plugins that are disabled are not imported; what they have counts as gone.
    """
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard.cli.failure import DATA
    from hookyard.cli.promised import lock_file, open_lock, promised
    from hookyard.schema import diff

    path = lock_file(chosen(config), lock)
    locked = open_lock(path)
    now = promised(chosen(config))
    changes = diff(locked, now.lock, now.absent)
    breaking = [change for change in changes if change.breaking]
    renew = f"`hookyard schema lock {chosen(config)}{'' if lock is None else f' --out {lock}'}`"
    if as_json:
        told = {"ok": not breaking, "lock": str(path), "changes": changes}
        typer.echo(msgspec.json.format(msgspec.json.encode(told)))
    else:
        for change in breaking:
            typer.echo(f"{change} (breaks)", err=True)
        if breaking:
            readers = sum(change.side == "event" for change in breaking)
            whom = "callers" if not readers else "receivers" if readers == len(breaking) else "callers and receivers"
            typer.echo(f"{len(breaking)} changes break {whom} of what {path} promised.", err=True)
            typer.echo(f"When that is meant, {renew} makes it the new promise.", err=True)
        for change in changes if verbose else ():
            if not change.breaking:
                typer.echo(str(change))
        if not breaking and locked != now.lock:
            typer.echo(f"{path}: nothing breaks, {len(changes)} changes; {renew} takes them in")
        elif not breaking:
            typer.echo(f"{path}: nothing has changed")
    if breaking:
        raise typer.Exit(DATA)
