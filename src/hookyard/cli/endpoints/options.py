"""Options that say what an endpoint is, shared by `create` and `change`."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import typer

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="YAML with any keys of an endpoint, `-` for standard input; ${VAR} and {file: PATH} are replaced. "
        "Options win over it.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody typed of an endpoint; None and False is what was not."""

    # `--url` is where the gateway is, in every command: it gets the token.
    target: Annotated[str | None, typer.Option("--to", help="Where events are sent.")] = None
    event: Annotated[
        list[str] | None, typer.Option(help="Which events, with globs, such as 'job.*'; may be repeated.")
    ] = None
    command: Annotated[
        list[str] | None, typer.Option(help="Of which commands, with globs: 'hello/*'; may be repeated.")
    ] = None
    if_: Annotated[
        str | None, typer.Option("--if", help="A CEL expression that must be true too, such as 'data.attempt > 2'.")
    ] = None
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None
    rate: Annotated[str | None, typer.Option(help="How many requests in how much time, such as 10/1s.")] = None
    order: Annotated[
        str | None,
        typer.Option(
            help="What goes one after the other: endpoint, job, command, or a path such as '$.data.customer'."
        ),
    ] = None
    header: Annotated[
        list[str] | None,
        typer.Option(
            help="A header of every request as 'Name: value'; may be repeated. Every user of the machine can see it: "
            "what is secret comes by --from.",
        ),
    ] = None
    plain: Annotated[
        bool, typer.Option("--plain", help="Sign with X-Webhook-Signature instead of Standard Webhooks.")
    ] = False
    envelope: Annotated[
        Literal["standard", "cloudevents", "payload"] | None,
        typer.Option(
            metavar="NAME",
            help="What bodies look like: standard (type, timestamp, data), cloudevents (1.0), or payload: what a "
            "command emitted and nothing round it.",
        ),
    ] = None
    http_signature: Annotated[
        bool, typer.Option("--http-signature", help="Sign after RFC 9421, with Content-Digest, as well.")
    ] = False


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Make the fields of the parameter `typed` options of a command: typer knows no options that several share."""
    own = inspect.signature(command)
    hints = get_type_hints(Typed, include_extras=True)
    names = [field.name for field in fields(Typed)]
    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(Typed)
    ]

    @wraps(command)
    def called(**given: object) -> None:
        options = {name: given.pop(name) for name in names}
        command(**given, typed=Typed(**options))  # type: ignore[arg-type]  # typer has made them what they say

    parameters = [
        each for parameter in own.parameters.values() for each in (shared if parameter.name == "typed" else [parameter])
    ]
    called.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called
