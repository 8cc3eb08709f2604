"""`hookyard deliveries list`."""

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import SinceOption, UntilOption, moment
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

_COLUMNS: Final = ("id", "status", "event", "endpoint", "attempt", "last_error", "created_at", "next_at")
_PAGE: Final = 200


class Status(StrEnum):
    """Where a delivery is."""

    open = "open"
    pending = "pending"
    held = "held"
    sending = "sending"
    delivered = "delivered"
    failed = "failed"


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command(
        "list",
        epilog=examples(
            "hookyard deliveries list --endpoint audit --dead --since 1d",
            "hookyard deliveries list --status open --json",
            "hookyard deliveries list --endpoint audit --dead --event 'order.*'",
        ),
    )(list_deliveries)


def list_deliveries(  # noqa: PLR0917  what a person types, as options
    endpoint: Annotated[str | None, typer.Option(help="Only to this endpoint.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that are so; `open` is all that wait.")] = None,
    event: Annotated[str | None, typer.Option(help="Only of this event, or with globs, such as 'order.*'.")] = None,
    job: Annotated[str | None, typer.Option(help="Only about this job.")] = None,
    error: Annotated[str | None, typer.Option(help="Only with this last error, such as http_503.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 50,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    callback: Annotated[bool, typer.Option("--callback", help="Only to callback URLs.")] = False,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters: the same as --status failed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, newest first; with --since or --until only those made in that time."""
    # Imported here so that the other commands do not pay for it.
    from hookyard.clock import SystemClock

    if dead and status not in {None, Status.failed}:
        raise typer.BadParameter("dead letters are those that are failed", param_hint="--dead")
    now = SystemClock().now()
    query = {
        "endpoint": endpoint,
        "status": Status.failed.value if dead else None if status is None else status.value,
        "event": event,
        "job_id": job,
        "error": error,
        "tenant": tenant,
        "since": None if since is None else moment(since, "--since", now),
        "until": None if until is None else moment(until, "--until", now),
        "callback": callback or None,
        "limit": min(count, _PAGE),
    }
    with connect(url, token_file) as api:
        rows = list(islice(api.pages("/api/v1/deliveries", "deliveries", query), count))
    show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def _row(found: dict[str, Any]) -> dict[str, object]:
    return {**found, "endpoint": found["endpoint"] or found["url"]}
