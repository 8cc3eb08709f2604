"""`hookyard deliveries recover` and `purge`: what was for callback URLs, page by page, until all is done."""

from typing import Annotated

import typer

from hookyard.cli.endpoints.common import SinceOption, UntilOption, YesOption
from hookyard.cli.endpoints.moves import Moves
from hookyard.cli.endpoints.recovery import (
    CursorOption,
    DryRunOption,
    ErrorOption,
    EventOption,
    StatusOption,
    WaitingOption,
    confirm_purge,
    purged,
    window_of,
)
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption

CallbackOption = Annotated[
    str,
    typer.Option(
        "--callback", help="To the callback URLs of this scheme, host and port, as https://ci.example.com; '*': to all."
    ),
]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command(
        epilog=examples(
            "hookyard deliveries recover --callback https://ci.example.com --since 6h --waiting",
            "hookyard deliveries recover --callback '*' --since 1d --dry-run",
        )
    )(recover)
    group.command(
        epilog=examples(
            "hookyard deliveries purge --callback https://ci.example.com --until 7d",
            "hookyard deliveries purge --callback '*' --status pending --since 1h --yes",
            "hookyard deliveries purge --callback '*' --until 1d --event job.failed --error http_404",
        )
    )(purge)


def recover(  # noqa: PLR0917  what a person types, as options
    callback: CallbackOption,
    since: SinceOption = None,
    until: UntilOption = None,
    event: EventOption = None,
    error: ErrorOption = None,
    cursor: CursorOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    waiting: WaitingOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send again what failed for good of what was for callback URLs, made since a time.

    With --waiting also what waits for its next attempt, or was put off since the receiver did not answer: it is
    mended. May be interrupted, and repeated. Not those that were abandoned. For endpoints: hookyard endpoints recover.
    """
    asked = Moves(
        url=url,
        token_file=token_file,
        path="/api/v1/deliveries/recover",
        body={**window_of(since, until), "callback": callback},
        cursor=cursor,
        dry_run=dry_run,
        json=as_json,
        event=event,
        error=error,
    )
    asked.recover(waiting=waiting)


def purge(  # noqa: PLR0917  what a person types, as options
    callback: CallbackOption,
    since: SinceOption = None,
    until: UntilOption = None,
    status: StatusOption = None,
    event: EventOption = None,
    error: ErrorOption = None,
    cursor: CursorOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete deliveries to callback URLs with their attempts; those that failed, unless --status says otherwise.

    Those that are being sent are left. Give --since, --until or both. May be interrupted, and repeated. For endpoints:
    hookyard endpoints purge.
    """
    statuses, window = purged(since, until, status)
    if not dry_run:
        whose = "all callback URLs" if callback == "*" else f"the callback URLs of {callback}"
        confirm_purge(whose, statuses, event, error, yes=yes)
    asked = Moves(
        url=url,
        token_file=token_file,
        path="/api/v1/deliveries/purge",
        body={**window, "callback": callback},
        cursor=cursor,
        dry_run=dry_run,
        json=as_json,
        event=event,
        error=error,
    )
    asked.purge(statuses)
