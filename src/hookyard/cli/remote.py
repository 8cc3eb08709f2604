"""What every command that asks a running gateway has in common: where it is, and the token it is asked with.

The token is no option: the arguments of a process are there for every user of the machine to read.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from hookyard.client.http import Api, Json

DEFAULT_URL: Final = "http://127.0.0.1:8420"

UrlOption = Annotated[str, typer.Option(envvar="HOOKYARD_URL", help="Where the gateway is.")]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(help="A file with the bearer token, `-` for standard input; left out, HOOKYARD_TOKEN has it."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def connect(url: str, token_file: Path | None) -> "Api":
    """The gateway that is meant, asked with the token of the file or of the environment.

    Raises:
        Refused: the file cannot be read, or what it has is no token.
    """
    # Imported here so that commands that ask no gateway do not pay for it.
    from hookyard.client.http import Api

    return Api(url, token_of(token_file))


def token_of(token_file: Path | None) -> str | None:
    """The token of the file, or else of the environment; None when there is none.

    Raises:
        Refused: the file cannot be read, or is empty.
    """
    import os

    return (os.environ.get("HOOKYARD_TOKEN") if token_file is None else _read(token_file)) or None


def show(rows: Iterable["Json"], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: as a table of these members, or as JSON, one object a line."""
    import msgspec

    if as_json:
        for row in rows:
            typer.echo(msgspec.json.encode(row).decode())
        return
    table = [[name.replace("_", " ").upper() for name in columns]]
    table += [[_cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[at]) for line in table) for at in range(len(columns))]
    for line in table:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"  # pyright: ignore[reportUnknownArgumentType]  rows are JSON
    return " ".join(str(value).split())


def _read(path: Path) -> str:
    import sys

    from hookyard.errors import Refused

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused("not_found", f"{path} cannot be read: {(error.strerror or 'error').lower()}.") from error
    except UnicodeDecodeError:
        raise Refused("unauthenticated", f"{path} is no text.") from None
    token = text.strip()
    if not token:
        raise Refused("unauthenticated", f"{path} is empty.")
    return token
