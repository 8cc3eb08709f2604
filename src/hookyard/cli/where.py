"""Which configuration file is meant: the one that is named, else `hookyard.yaml` or `config.yaml` in this folder."""

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULTS: Final = ("hookyard.yaml", "config.yaml")
HELP: Final = "The YAML file; left out, hookyard.yaml or config.yaml in this folder."


def chosen(given: Path | None) -> Path:
    """The file; the first of the defaults when none of them is there."""
    if given is not None:
        return given
    return next((path for path in map(Path, DEFAULTS) if path.is_file()), Path(DEFAULTS[0]))


def checked(given: Path | None) -> Path | None:
    """What was given, when that or one of the defaults is there."""
    if given is None and not any(Path(name).is_file() for name in DEFAULTS):
        msg = f"there is no {' or '.join(DEFAULTS)} in this folder; name the file."
        raise typer.BadParameter(msg)
    return given


ConfigArgument = Annotated[Path | None, typer.Argument(help=HELP, callback=checked)]
"""As the argument of a command that is about a configuration."""
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=HELP, callback=checked)]
"""As the option of a command that is about something in a configuration."""
