"""Options that say what an endpoint is, shared by `create` and `change`."""

from pathlib import Path
from typing import Annotated

import typer

# `--url` is where the gateway is, in every command: it gets the token.
TargetOption = Annotated[str | None, typer.Option("--to", help="Where events are sent.")]
EventsOption = Annotated[
    list[str] | None, typer.Option("--event", help="Which events, with globs, such as 'job.*'; may be repeated.")
]
CommandsOption = Annotated[
    list[str] | None,
    typer.Option("--command", help="Of which commands, with globs: 'hello/*'; may be repeated."),
]
IfOption = Annotated[
    str | None, typer.Option("--if", help="A CEL expression that must be true too, such as 'data.attempt > 2'.")
]
DescriptionOption = Annotated[str | None, typer.Option(help="What it is for.")]
RateOption = Annotated[str | None, typer.Option(help="How many requests in how much time, such as 10/1s.")]
OrderOption = Annotated[
    str | None,
    typer.Option(help="What goes one after the other: endpoint, job, command, or a path such as '$.data.customer'."),
]
HeaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        help="A header of every request as 'Name: value'; may be repeated. Every user of the machine can see it: "
        "what is secret comes by --from.",
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="YAML with any keys of an endpoint, `-` for standard input; ${VAR} and {file: PATH} are replaced. "
        "Options win over it.",
    ),
]
PlainOption = Annotated[
    bool, typer.Option("--plain", help="Sign with X-Webhook-Signature instead of Standard Webhooks.")
]
CloudEventsOption = Annotated[bool, typer.Option("--cloudevents", help="Bodies are CloudEvents 1.0.")]
HttpSignatureOption = Annotated[
    bool, typer.Option("--http-signature", help="Sign after RFC 9421, with Content-Digest, as well.")
]
