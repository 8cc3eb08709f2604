"""`hookyard jobs`: the jobs of a running gateway: list, show, follow, cancel, run again, delete."""

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

import typer

from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect, show

Json = Any
"""What the gateway answers."""
_COLUMNS: Final = ("job_id", "status", "command", "attempt", "submitted_at", "reason", "error")
JobId = Annotated[str, typer.Argument(help="The job's id.")]


class Status(StrEnum):
    """Where a job is in its life."""

    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    timed_out = "timed_out"
    cancelled = "cancelled"


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Jobs of a running gateway: list, follow, cancel, run again.")
    group.command("list")(list_jobs)
    group.command("show")(show_job)
    group.command("log")(log)
    group.command("follow")(follow_job)
    group.command("cancel")(cancel)
    group.command("kill")(kill)
    group.command("retry")(retry)
    group.command("delete")(delete)
    app.add_typer(group, name="jobs")


def list_jobs(  # noqa: PLR0917  what a person types, as options
    status: Annotated[Status | None, typer.Option(help="Only jobs that are so.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only with this reason, such as attempts_exhausted.")] = None,
    plugin: Annotated[str | None, typer.Option(help="Only of this plugin.")] = None,
    command: Annotated[str | None, typer.Option(help="Only of commands with this name.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    error: Annotated[str | None, typer.Option(help="Only with this text in the last error.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 50,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters: attempts used up, or unfit input.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    query = {
        "status": None if status is None else status.value,
        "reason": reason,
        "plugin": plugin,
        "command": command,
        "tag": tag,
        "error": error,
        "tenant": tenant,
        "dead": "true" if dead else None,
        "limit": min(count, 200),
    }
    with connect(url, token_file) as api:
        rows = list(islice(api.pages("/api/v1/jobs", "jobs", query), count))
    show(rows if as_json else map(_row, rows), _COLUMNS, as_json=as_json)


def show_job(job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Print all of a job, as JSON."""
    import msgspec

    with connect(url, token_file) as api:
        found = api.call("GET", f"/api/v1/jobs/{_id(job_id)}")
    typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())


def log(
    job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Print the lines that a job has logged so far."""
    after: int | None = 0
    with connect(url, token_file) as api:
        while after is not None:
            page = api.call("GET", f"/api/v1/jobs/{_id(job_id)}/log", query={"after": after, "limit": 1000})
            for line in page["lines"]:
                typer.echo(_json(line) if as_json else _line(line))
            after = page["next"]


def follow_job(
    job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None, *, as_json: JsonOption = False
) -> None:
    """Print what happens to a job until it has ended; exits with 1 when it does not succeed."""
    from hookyard.client.follow import follow

    ended: str | None = None
    with connect(url, token_file) as api:
        for event in follow(api, _id(job_id), log=True):
            typer.echo(_json({"event": event.event, **event.data}) if as_json else _told(event.event, event.data))
            ended = event.data["status"] if event.event == "finished" else ended
    if ended != "succeeded":
        raise typer.Exit(1)


def cancel(job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Cancel a job: one that waits ends at once, one that runs is asked to."""
    with connect(url, token_file) as api:
        _say(api.call("POST", f"/api/v1/jobs/{_id(job_id)}/cancel"))


def kill(job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Cancel a job; one that runs ends at once too."""
    with connect(url, token_file) as api:
        _say(api.call("POST", f"/api/v1/jobs/{_id(job_id)}/kill"))


def retry(
    job_id: JobId,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also when it succeeded, or its attempts are used up: it gets as many again."),
    ] = False,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
) -> None:
    """Queue an ended job again."""
    with connect(url, token_file) as api:
        _say(api.call("POST", f"/api/v1/jobs/{_id(job_id)}/retry", body={"force": force}))


def delete(job_id: JobId, url: UrlOption = DEFAULT_URL, token_file: TokenFileOption = None) -> None:
    """Forget an ended job and all that belongs to it."""
    with connect(url, token_file) as api:
        api.call("DELETE", f"/api/v1/jobs/{_id(job_id)}")
    typer.echo(f"{job_id} is forgotten")


def _id(text: str) -> str:
    """The id, which becomes a part of a path.

    Raises:
        Refused: it is none.
    """
    from hookyard import ids
    from hookyard.errors import Refused

    found = ids.parse(text)
    if found is None:
        raise Refused("invalid_request", f"{text!r} is not a job id.")
    return found


def _row(job: Json) -> dict[str, Any]:
    error = job.get("error")
    told = "" if error is None else f"{error['code']}: {error['message']}"
    return {**job, "command": f"{job['plugin']}/{job['command']}", "error": told[:60]}


def _line(line: Json) -> str:
    values = " ".join(f"{name}={_json(value)}" for name, value in line["values"].items())
    return f"{line['at']}  {line['level']:<7}  {line['event']}  {values}".rstrip()


def _told(event: str, data: Json) -> str:
    match event:
        case "log":
            return _line(data)
        case "progress":
            total = f" of {data['total']:g}" if "total" in data else ""
            return f"{data['at']}  {data['done']:g}{total}  {data.get('message', '')}".rstrip()
        case "finished":
            rest = data.get("error") or data.get("result")
            return f"{data['status']}{'' if rest is None else f': {_json(rest)}'}"
        case "retry":
            error = data.get("error")
            why = "" if error is None else f": {error['code']}: {error['message']}"
            return f"attempt {data['attempt']} {data['outcome']}{why}"
        case "started":
            return f"{data['at']}  attempt {data['attempt']} started"
        case _:
            return f"{data.get('at', '')}  {event}"


def _say(changed: Json) -> None:
    asked = ", and asked to end" if changed.get("cancel_requested") else ""
    typer.echo(f"{changed['job_id']} is {changed['status']}{asked}")


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
