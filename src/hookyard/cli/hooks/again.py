"""`hookyard hooks replay`, `forget` and `sources`: what came in at a running gateway."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

_COLUMNS: Final = ("source", "scheme", "sure", "secrets", "runs", "url")


def register(group: typer.Typer) -> None:
    """Add the commands to their group."""
    group.command("replay")(replay)
    group.command("forget")(forget)
    group.command("sources")(sources)


def replay(
    job_id: Annotated[str, typer.Argument(help="The id of a job that a webhook made, a dead letter too.")],
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take the event of a job once more, by the routes as they are now, and print the ids of the new jobs."""
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard import ids
    from hookyard.errors import Refused

    found = ids.parse(job_id)
    if found is None:
        raise Refused("invalid_request", f"{job_id!r} is not a job id.")
    with connect(url, token_file) as api:
        made = api.call("POST", f"/api/v1/jobs/{found}/replay")
    if as_json:
        typer.echo(msgspec.json.encode(made).decode())
        return
    if not made["jobs"]:
        typer.echo("No route takes this event now.", err=True)
    for job in made["jobs"]:
        typer.echo(job["job_id"])


def forget(
    source: Annotated[str, typer.Argument(help="The source.")],
    delivery: Annotated[str, typer.Argument(help="The sender's id of the delivery.")],
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
) -> None:
    """Forget that a delivery came, so that it makes a job again when its sender sends it again."""
    with connect(url, token_file) as api:
        path = f"/api/v1/sources/{quote(source, safe='')}/forget"
        count = api.call("POST", path, body={"delivery": delivery})["forgotten"]
    typer.echo(f"{delivery} is forgotten" if count else f"{delivery} is not known")


def sources(url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False) -> None:
    """List the sources of a running gateway."""
    with connect(url, token_file) as api:
        rows = api.call("GET", "/api/v1/sources")["sources"]
    show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def _row(source: dict[str, Any]) -> dict[str, object]:
    secrets = source.get("secrets", [])
    expired = sum(secret.get("expired", False) for secret in secrets)
    runs = dict.fromkeys(route["command"] for route in source["routes"])
    return {**source, "secrets": f"{len(secrets)}, {expired} expired" if expired else len(secrets), "runs": list(runs)}
