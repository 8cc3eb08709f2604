"""`hookyard plugins new`: a project for a new plugin, whose tests pass."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command()(new)


def new(
    name: Annotated[str, typer.Argument(help="The plugin, as configurations will call it.")],
    kind: Annotated[
        Literal["file", "package", "exec"],
        typer.Option(help="A Python file for a plugin folder, a Python package to install, or an executable."),
    ] = "file",
    language: Annotated[Literal["python", "bash"], typer.Option(help="What an executable is written in.")] = "python",
    directory: Annotated[Path, typer.Option("--dir", help="The folder to make the project's own in.")] = Path(),
) -> None:
    """Write a project for a new plugin into a folder of its name, with tests that pass at once.

    Nothing that is there is overwritten.
    """
    # Imported here so that the other commands do not pay for it.
    import shlex

    from hookyard.cli.plugins.scaffold import Project

    if language != "python" and kind != "exec":
        msg = f"a plugin of the kind {kind} is written in Python; --language is for --kind exec"
        raise typer.BadParameter(msg)
    project = Project(name, kind, language)
    target = directory / name
    for path in project.write(target):
        typer.echo(f"wrote {path}")
    typer.echo("\nNow:")
    for line in (f"cd {shlex.quote(str(target))}", "pytest", f"hookyard plugins check {project.check}"):
        typer.echo(f"  {line}")
