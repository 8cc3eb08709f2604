"""`hookyard plugins check`: whether one plugin is as it must be, before any server has it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Checker = Literal["mypy", "pyright"]


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("check")(check)


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Plugins: files, or folders that are one or hold some; with --types also configurations."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    types: Annotated[bool, typer.Option("--types", help="Run a strict type checker over Python plugins.")] = False,
    checker: Annotated[Checker | None, typer.Option(help="Which one; left out, whichever is installed.")] = None,
) -> None:
    """Load a plugin and say what it is, or what is wrong with it; an exec plugin also runs the conformance suite.

    Exits with 0, or with 78 when something is wrong. The plugin's code runs, with your rights.

    With --types nothing of it runs: mypy or pyright looks at it, in strict mode and with its own interpreter where the
    configuration names one, and a pass is remembered beside the configuration, for `require_types`.
    """
    # Imported here so that the other commands do not pay for it.
    import sys
    from contextlib import redirect_stdout

    import msgspec

    from hookyard.cli.failure import CONFIG
    from hookyard.cli.plugins.checking import checked
    from hookyard.cli.plugins.types import typed

    if not (paths or types):
        msg = "name a plugin: a file or a folder"
        raise typer.BadParameter(msg)
    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        found = typed(paths or [], checker) if types else [one for path in paths or [] for one in checked(path)]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for one in found:
            for line in one.lines():
                typer.echo(line, err=not one.ok)
    if not found or not all(one.ok for one in found):
        raise typer.Exit(CONFIG)
