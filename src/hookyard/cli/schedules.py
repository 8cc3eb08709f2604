"""`hookyard schedules`: what a running gateway does by time, and when a configuration's schedules fire."""

from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show
from hookyard.cli.where import ConfigOption, chosen

_COLUMNS: Final = ("name", "run", "state", "next", "last_outcome", "last_fire_time")
_TIMES: Final = ("name", "fire_time", "local_time", "acted_on")
Name = Annotated[str, typer.Argument(help="The schedule.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Schedules: list them, see when they fire, pause and run them.")
    group.command("list")(list_schedules)
    group.command("next")(next_times)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("run")(run)
    app.add_typer(group, name="schedules")


def list_schedules(
    url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List the schedules of a running gateway."""
    with connect(url, token_file) as api:
        rows = list(api.pages("/api/v1/schedules", "schedules"))
    show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def next_times(
    name: Annotated[str | None, typer.Argument(help="One schedule; left out, all of them.")] = None,
    config: ConfigOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=1000, help="How many of each.")] = 5,
    since: Annotated[
        str | None, typer.Option(help="After this time, RFC 3339 with an offset; now when left out.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say when the schedules of a configuration file fire; no gateway is asked.

    Those that come after something else are left out: their time is not known before.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.clock import SystemClock, rfc3339
    from hookyard.config import load
    from hookyard.config.schedules.rule import parse_instant, rule_of
    from hookyard.errors import Refused
    from hookyard.timetable import RuleError, Zone

    path: Path = chosen(config)
    schedules = load(path).schedules
    if name is not None and name not in schedules:
        raise Refused("not_found", f"{path} has no schedule {name!r}.")
    try:
        begin = SystemClock().now() if since is None else parse_instant(since, "--since")
    except RuleError as error:
        raise typer.BadParameter(error.problem, param_hint="--since") from None
    rows: list[dict[str, str]] = []
    for each, settings in schedules.items():
        if name not in {None, each} or not settings.enabled:
            continue
        rule, zone = rule_of(settings), Zone(settings.timezone)
        rows += [
            {
                "name": each,
                "fire_time": rfc3339(at),
                "local_time": f"{zone.local(at).isoformat()} {zone.name}",
                "acted_on": rfc3339(rule.due(each, at)),
            }
            for at in rule.next(begin, count)
        ]
    show(sorted(rows, key=lambda row: (row["fire_time"], row["name"])), _TIMES, as_json=as_json)


def pause(name: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Let a schedule fire no more until it is resumed."""
    with connect(url, token_file) as api:
        api.call("POST", f"{_path(name)}/pause")
    typer.echo(f"{name} is paused")


def resume(name: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Let a schedule fire again; what passed meanwhile is not caught up with."""
    with connect(url, token_file) as api:
        found = api.call("POST", f"{_path(name)}/resume")
    typer.echo(f"{name} goes on; next: {', '.join(found['next']) or 'not by time'}")


def run(name: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Make a job of a schedule now, and print its id."""
    with connect(url, token_file) as api:
        made = api.call("POST", f"{_path(name)}/run")
    if made["duplicate"]:
        typer.echo("An earlier job of it is still active; this is its id.", err=True)
    typer.echo(made["job_id"])


def _row(found: dict[str, Any]) -> dict[str, object]:
    problem = found.get("problem")
    state = "paused" if found["paused"] else "on" if found["enabled"] else "disabled"
    return {**found, "state": state if problem is None else f"{state}, {problem}"}


def _path(name: str) -> str:
    return f"/api/v1/schedules/{quote(name, safe='')}"
