"""Asks for one page after the other until there is no more: what a gateway does in bounded steps."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from msgspec import Struct

from hookyard.cli.endpoints.common import encoded
from hookyard.client.http import Api
from hookyard.clock import rfc3339
from hookyard.errors import CODES, Refused

_PATIENCE: Final = 60.0
"""Seconds for which a gateway that cannot now is asked again."""
_PAUSE: Final = 1.0
_INTERRUPTED: Final = 130


class Walk(Struct, frozen=True, kw_only=True):
    """What is asked, again and again."""

    path: str
    body: Mapping[str, Any]
    """With `since` and `until` in milliseconds."""
    cursor: str | None
    """Where to begin; None: at the beginning."""
    words: Mapping[str, str]
    """The members of an answer that are added up, and what they mean."""
    json: bool


def walk(api: Api, asked: Walk, sleep: Callable[[float], None] = time.sleep) -> None:
    """Ask until all is done; how far it is goes to standard error, what came of it to standard output.

    An interruption says how to go on, and exits with 130.

    Raises:
        Refused: the gateway does not, or cannot for a minute; how to go on is told then too.
    """
    done, cursor = dict.fromkeys(asked.words, 0), asked.cursor
    try:
        while True:
            page = _page(api, asked, cursor, sleep)
            for member in done:
                done[member] += page[member]
            cursor = page["next"]
            if cursor is None:
                break
            _progress(_said(asked, done))
    except KeyboardInterrupt:
        _go_on(asked, done, cursor)
        raise typer.Exit(_INTERRUPTED) from None
    except Refused:
        if cursor is not None:
            _go_on(asked, done, cursor)
        raise
    _progress("")
    typer.echo(encoded(done) if asked.json else _said(asked, done))


def _page(api: Api, asked: Walk, cursor: str | None, sleep: Callable[[float], None]) -> Any:  # noqa: ANN401  JSON
    body = dict(asked.body) if cursor is None else {**asked.body, "cursor": cursor}
    since = time.monotonic()
    while True:
        try:
            return api.call("POST", asked.path, body=body)
        except Refused as error:
            if not CODES[error.code].retryable or time.monotonic() - since > _PATIENCE:
                raise
        sleep(_PAUSE)


def _said(asked: Walk, done: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {asked.words[member]}" for member, count in done.items())


def _progress(text: str) -> None:
    """On a terminal on one line, which the next one replaces; elsewhere a line each."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{text}", nl=False, err=True)
    elif text:
        typer.echo(text, err=True)


def _go_on(asked: Walk, done: Mapping[str, int], cursor: str | None) -> None:
    _progress("")
    since, until = (rfc3339(asked.body[name]) for name in ("since", "until"))
    more = "" if cursor is None else f" --cursor {cursor}"
    typer.echo(f"Not all is done: {_said(asked, done)}.", err=True)
    typer.echo(f"To go on, the same with: --since {since} --until {until}{more}", err=True)
