"""`hookyard plugins enable` and `disable`: one line of the configuration."""

from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.where import ConfigOption, chosen

_Name = Annotated[str, typer.Argument(help="The plugin, as the configuration calls it.")]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("enable")(enable)
    group.command("disable")(disable)


def enable(name: _Name, config: ConfigOption = None) -> None:
    """Say in the configuration that a plugin is to run; a running server takes it up with a reload."""
    _switch(chosen(config), name, enabled=True)


def disable(name: _Name, config: ConfigOption = None) -> None:
    """Say in the configuration that a plugin is not to run; a running server takes it up with a reload."""
    _switch(chosen(config), name, enabled=False)


def _switch(path: Path, name: str, *, enabled: bool) -> None:
    # Imported here so that the other commands do not pay for it.
    import difflib
    import os

    from hookyard.config import load_file
    from hookyard.config.edit import set_enabled
    from hookyard.errors import Refused
    from hookyard.host.discovery import in_folder, installed

    loaded = load_file(path)
    folders = [(loaded.base / folder).resolve() for folder in loaded.config.plugin_dirs]
    found = [each.name for folder in folders if folder.is_dir() for each in in_folder(folder, loaded.base)]
    known = {*found, *(each.name for each in installed()), *loaded.config.plugins}
    if name not in known:
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise Refused("not_found", f"There is no plugin {name!r}{hint}")
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    made = set_enabled(text, name, enabled)
    word = "enabled" if enabled else "disabled"
    if made == text:
        typer.echo(f"{name} is {word} in {path} already")
        return
    # Whole or not at all, and with the permissions it had: it may hold secrets.
    new = path.with_name(f".{path.name}.new")
    with new.open("x", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path.resolve())
    typer.echo(f"{name} is {word} in {path}; a running server takes it up on SIGHUP or POST /api/v1/reload")
