"""`hookyard endpoints recover`, `replay` and `purge`: page by page, until all is done."""

from enum import StrEnum
from typing import Annotated

import typer

from hookyard.cli.endpoints.common import Name, SinceOption, UntilOption, YesOption, moment, path_of, sure
from hookyard.cli.endpoints.moves import Moves
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption

CursorOption = Annotated[str | None, typer.Option(help="Where an earlier run says that it goes on.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only count them.")]
EventOption = Annotated[
    str | None, typer.Option(help="Only of this event, or with globs as in endpoints' events: 'order.*'.")
]
ErrorOption = Annotated[str | None, typer.Option(help="Only with this last error, such as http_503.")]
WaitingOption = Annotated[bool, typer.Option("--waiting", help="Also now what waits for its next attempt.")]


class Status(StrEnum):
    """What became of a delivery."""

    pending = "pending"
    held = "held"
    delivered = "delivered"
    failed = "failed"


StatusOption = Annotated[list[Status] | None, typer.Option(help="Only those that are so; may be repeated.")]


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command(
        epilog=examples(
            "hookyard endpoints recover audit --since 6h --dry-run",
            "hookyard endpoints recover audit --since 3d --waiting",
            "hookyard endpoints recover audit --since 3d --event 'order.*' --error http_503",
            "hookyard endpoints recover audit --since 2027-01-06T02:00:00Z --until 2027-01-06T05:30:00Z",
        )
    )(recover)
    group.command(
        epilog=examples(
            "hookyard endpoints replay audit --since 2d --dry-run",
            "hookyard endpoints replay audit --since 2d",
            "hookyard endpoints replay audit --since 2d --event 'order.*'",
        )
    )(replay)
    group.command(
        epilog=examples(
            "hookyard endpoints purge audit --status failed --until 30d",
            "hookyard endpoints purge audit --status pending --since 1h --yes",
            "hookyard endpoints purge audit --until 1d --event 'order.*' --error http_404",
        )
    )(purge)


def recover(  # noqa: PLR0917  what a person types, as options
    name: Name,
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
    """Send again what failed for good: the dead letters of an endpoint, made since a time.

    With --waiting also what waits for its next attempt, without waiting for it: the receiver is mended. May be
    interrupted, and repeated: what was sent again is no dead letter any more. Not those that were abandoned.
    """
    asked = Moves(
        url=url,
        token_file=token_file,
        path=path_of(name, "recover"),
        body=window_of(since, until),
        cursor=cursor,
        dry_run=dry_run,
        json=as_json,
        event=event,
        error=error,
    )
    asked.recover(waiting=waiting)


def replay(  # noqa: PLR0917  what a person types, as options
    name: Name,
    since: SinceOption = None,
    until: UntilOption = None,
    event: EventOption = None,
    cursor: CursorOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send what an endpoint would have been told since a time and was not: it was disabled, or is new.

    Goes by what it listens to now. May be interrupted, and repeated: nothing is sent twice.
    """
    asked = Moves(
        url=url,
        token_file=token_file,
        path=path_of(name, "replay"),
        body=window_of(since, until),
        cursor=cursor,
        dry_run=dry_run,
        json=as_json,
        event=event,
    )
    asked.replay()


def purge(  # noqa: PLR0917  what a person types, as options
    name: Name,
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
    """Delete deliveries of an endpoint with their attempts; those that failed, unless --status says otherwise.

    Those that are being sent are left. Give --since, --until or both. May be interrupted, and repeated.
    """
    statuses, window = purged(since, until, status)
    if not dry_run:
        confirm_purge(name, statuses, event, error, yes=yes)
    asked = Moves(
        url=url,
        token_file=token_file,
        path=path_of(name, "purge"),
        body=window,
        cursor=cursor,
        dry_run=dry_run,
        json=as_json,
        event=event,
        error=error,
    )
    asked.purge(statuses)


def confirm_purge(whose: str, statuses: list[str], event: str | None, error: str | None, *, yes: bool) -> None:
    """Ask whether these deliveries are meant to go.

    Raises:
        BadParameter: there is nobody to ask.
        Exit: they are not.
    """
    of_event = "" if event is None else f" of {event}"
    with_error = "" if error is None else f" with the error {error}"
    which = f"the deliveries{of_event} to {whose} that are {' or '.join(statuses)}{with_error}"
    sure(f"Delete {which}? They cannot be sent again.", yes=yes)


def purged(since: str | None, until: str | None, status: list[Status] | None) -> tuple[list[str], dict[str, object]]:
    """Of which statuses, and from when to when.

    Raises:
        BadParameter: neither time is given, or one is none.
    """
    if since is None and until is None:
        raise typer.BadParameter("say from when or until when", param_hint="--since")
    window = window_of("1970-01-01T00:00:00Z" if since is None else since, until)
    return [one.value for one in status or (Status.failed,)], window


def window_of(since: str | None, until: str | None) -> dict[str, object]:
    """From when to when: fixed at the start, so that what happens meanwhile does not make it longer and longer."""
    from hookyard.clock import SystemClock

    if since is None:
        raise typer.BadParameter("say from when, such as 2h or 2027-01-06T08:30:00Z", param_hint="--since")
    now = SystemClock().now()
    begin = moment(since, "--since", now)
    end = now if until is None else moment(until, "--until", now)
    if end <= begin:
        raise typer.BadParameter("that is not after --since", param_hint="--until")
    return {"since": begin, "until": end}
