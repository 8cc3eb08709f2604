"""`hookyard hooks presets`: the senders that are known by name."""

from typing import Annotated, Final

import typer

from hookyard.cli.remote import JsonOption, show

_COLUMNS: Final = ("name", "title", "sure", "needs")


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("presets")(presets)


def presets(
    name: Annotated[str | None, typer.Argument(help="One of them; left out, all.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the senders that are known by name, or print one as the configuration of a source of one's own."""
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.hooks.known import row, source
    from hookyard.errors import Refused
    from hookyard.inbound.presets import load, names

    if name is None:
        show([row(each, load(each)) for each in names()], _COLUMNS, as_json=as_json)
        return
    if name not in names():
        raise Refused("not_found", f"There is no preset {name!r}; there are {', '.join(names())}.")
    if as_json:
        show([row(name, load(name))], _COLUMNS, as_json=True)
        return
    for line in source(name, load(name)):
        typer.echo(line)
