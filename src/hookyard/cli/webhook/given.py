"""What the commands are given: secrets, which should not be in the arguments of a process, and a body."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from hookyard.errors import Refused

VARIABLE: Final = "HOOKYARD_WEBHOOK_SECRET"

SecretOption = Annotated[
    list[str] | None,
    typer.Option(help="A secret; may be given several times. Every user of the machine can read it while this runs."),
]
SecretFileOption = Annotated[
    list[Path] | None,
    typer.Option(help=f"A file with a secret a line; may be given several times. Left out, {VARIABLE} has them."),
]


def secrets(texts: list[str] | None, files: list[Path] | None, *, otherwise: bool = True) -> list[str]:
    """All secrets: of the options and the files; `otherwise`, where there are none of those, of the environment.

    Raises:
        Refused: a file cannot be read.
    """
    from hookyard.config.secret_file import read_secret  # here so that `--help` does not pay for it

    found = [text.strip() for text in texts or ()]
    for path in files or ():
        try:
            found += read_secret(path).split()
        except ValueError as error:
            raise Refused("not_found", f"{path} {error}.") from None
    return found if found or not otherwise else os.environ.get(VARIABLE, "").split()


def needed(found: list[str]) -> list[str]:
    """The secrets, at least one of them.

    Raises:
        Refused: there is none.
    """
    if not found:
        raise Refused("invalid_request", f"There is no secret: give --secret-file, or set {VARIABLE}.")
    return found


def headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Names and values of `name: value`.

    Raises:
        BadParameter: one of them is none.
    """
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise typer.BadParameter("a header is `name: value`", param_hint="--header")
        yield name.strip(), value.strip(" \t")
