"""Reading what a command is given a file of."""

import sys
from pathlib import Path
from typing import Final

import typer

_LARGEST: Final = 64 << 20


def content(path: str, hint: str) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        BadParameter: it cannot be read, or is larger than 64 MiB.
    """
    try:
        if path == "-":
            found = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(path).open("rb") as file:
                found = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no path"
        raise typer.BadParameter(f"{path} cannot be read: {why.lower()}", param_hint=hint) from None
    if len(found) > _LARGEST:
        raise typer.BadParameter(f"{path} is larger than {_LARGEST >> 20} MiB", param_hint=hint)
    return found
