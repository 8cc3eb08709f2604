"""The reference page of the command line, from the commands themselves: `python -m hookyard.cli.reference`."""

from collections.abc import Iterator
from typing import Any, Final

import typer
from typer.main import get_command

_WIDTH: Final = 100
_HEAD: Final = """\
# The command line

What was asked for goes to standard output, everything about it to standard error. A wrong command line exits with 2;
every other failure has an exit code of BSD's `sysexits.h`: 65 what was read is wrong, 69 something is not there, 70 an
error inside Hookyard, 74 the store cannot be used, 75 try again later, 77 not allowed, 78 the configuration is wrong.

This page is written by `python -m hookyard.cli.reference`; `hookyard COMMAND --help` prints the same.
"""


def markdown(app: typer.Typer) -> str:
    """The page."""
    parts = [f"## `{path}`\n\n```text\n{text}\n```\n" for path, text in _helps(get_command(app), "hookyard", None)]
    return "\n".join([_HEAD, *parts])


def _helps(command: Any, path: str, parent: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  click's, which typer brings along
    name = path.rsplit(" ", 1)[-1]
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    context.terminal_width = context.max_content_width = _WIDTH
    yield path, "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())
    for each in getattr(command, "commands", {}).values():
        if not each.hidden:
            yield from _helps(each, f"{path} {each.name}", context)


if __name__ == "__main__":
    from hookyard.cli import app

    typer.echo(markdown(app), nl=False)
