"""`hookyard endpoints test`: a sample, sent now."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from hookyard.cli.endpoints.common import Name, encoded, path_of
from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption, connect
from hookyard.cli.terminal import safe

_PATIENCE: Final = 50
"""Seconds, within what one answer of the gateway may take."""
_SHOWN: Final = 500


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("test", epilog=examples("hookyard endpoints test audit --event job.failed --wait"))(send_sample)


def send_sample(
    name: Name,
    event: Annotated[
        str | None,
        typer.Option(
            help="Which, of Hookyard's or a plugin's; left out, one that the endpoint listens to, or job.succeeded."
        ),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the attempt, and print what was answered.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a sample to an endpoint, and print the id of the delivery.

    With --wait: the status, how long it took, and the first bytes of the answer; exits with 1 when that is no success,
    and with 75 when there was none in time. One that failed stays pending and is tried again by the endpoint's
    schedule.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.failure import LATER

    body = {} if event is None else {"event": event}
    with connect(url, token_file) as api:
        sent = api.call("POST", path_of(name, "test"), body=body, wait=_PATIENCE if wait else None)
    attempt = sent.get("attempt")
    if as_json:
        typer.echo(encoded(sent))
    elif attempt is None:
        typer.echo(sent["delivery_id"])
    else:
        typer.echo("\n".join(_told(sent, attempt)))
    if wait and attempt is None:
        typer.echo(f"No attempt was over in time: `hookyard endpoints stats {name}` may say why.", err=True)
        raise typer.Exit(LATER)
    if attempt is not None and attempt["error"] is not None:
        raise typer.Exit(1)


def _told(sent: Mapping[str, Any], attempt: Mapping[str, Any]) -> Iterator[str]:
    outcome = "delivered" if attempt["error"] is None else attempt["error"]
    answer = "no answer" if attempt["status"] is None else f"status {attempt['status']}"
    yield f"{outcome}: {sent['event']}, {answer}, {attempt['duration_ms']} ms, {sent['delivery_id']}"
    response = attempt["response"] or ""
    yield from (f"    {safe(line)}" for line in response[:_SHOWN].splitlines())
    if len(response) > _SHOWN:
        yield f"    ... {len(response) - _SHOWN} more characters"
    if attempt["error"] is not None:
        yield from _after(sent)


def _after(sent: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of one that did not arrive, which would otherwise go on in silence."""
    if sent["status"] == "failed":
        yield "It is not tried again."
        return
    when = "later" if sent.get("next_at") is None else f"at {sent['next_at']}"
    yield f"It is tried again {when}, by the schedule of the endpoint. To give it up:"
    yield f"    hookyard deliveries abandon {sent['delivery_id']} --yes"
