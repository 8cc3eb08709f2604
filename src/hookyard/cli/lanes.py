"""`hookyard lanes`: how full the lanes of a running gateway are, and pausing and resuming them."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

_COLUMNS: Final = ("lane", "limit", "running", "queued", "rate", "paused", "breaker")
_PLUGIN_COLUMNS: Final = ("plugin", "limit", "running", "rate")
Name = Annotated[str, typer.Argument(help="A lane (plugin/command), a plugin, or '*' for everything.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Lanes of a running gateway: list, pause and resume them.")
    group.command("list")(list_lanes)
    group.command("pause")(pause)
    group.command("resume")(resume)
    app.add_typer(group, name="lanes")


def list_lanes(
    url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List all lanes, and the plugins whose lanes are bounded together."""
    with connect(url, token_file) as api:
        found = api.call("GET", "/api/v1/lanes")
    if as_json:
        show(found["lanes"], _COLUMNS, as_json=True)
        return
    show(map(_row, found["lanes"]), _COLUMNS, as_json=False)
    if found["plugins"]:
        typer.echo()
        show(found["plugins"], _PLUGIN_COLUMNS, as_json=False)
    for paused in found["pauses"]:
        reason = f": {paused['reason']}" if paused["reason"] else ""
        typer.echo(f"{paused['lane']} is paused since {paused['since']} by {paused['by']}{reason}", err=True)


def pause(
    lane: Name,
    reason: Annotated[str, typer.Option(help="For whoever reads it.")] = "",
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
) -> None:
    """Start nothing more: what runs goes on, and what comes in waits. '*' is the emergency stop."""
    body = {"reason": reason} if reason else {}
    with connect(url, token_file) as api:
        _say(api.call("POST", f"/api/v1/lanes/{quote(lane, safe='')}/pause", body=body))


def resume(lane: Name, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Go on with what was paused by this name."""
    with connect(url, token_file) as api:
        _say(api.call("POST", f"/api/v1/lanes/{quote(lane, safe='')}/resume"))


def _row(lane: dict[str, Any]) -> dict[str, Any]:
    paused = lane.get("paused")
    breakers = [one["state"] for one in lane.get("breakers", []) if one["state"] != "closed"]
    return {**lane, "paused": None if paused is None else paused["lane"], "breaker": breakers}


def _say(change: dict[str, Any]) -> None:
    paused, count = change.get("paused"), len(change["lanes"])
    lanes = f"{count} lane{'s'[: count != 1]}"
    if paused is None:
        wider = {lane["paused"]["lane"] for lane in change["lanes"] if "paused" in lane}
        rest = f"; still held by the pause of {', '.join(sorted(wider))}" if wider else ""
        typer.echo(f"{change['lane']} ({lanes}) goes on{rest}")
    else:
        typer.echo(f"{change['lane']} ({lanes}) is paused since {paused['since']} by {paused['by']}")
