"""`hookyard listen`: a receiver of webhooks to try things with: it verifies and prints what arrives."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hookyard.cli.examples import examples
from hookyard.cli.remote import DEFAULT_URL, JsonOption, TokenFileOption, UrlOption


class Form(StrEnum):
    """How the webhooks are signed."""

    standard = "standard"
    plain = "plain"
    http = "http"


class Wish(StrEnum):
    """What a receiver may ask of the sender."""

    disable = "disable"
    abort = "abort"


HostOption = Annotated[str, typer.Option(help="The address to listen at; any that is not loopback needs --yes-expose.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")]
SecretOption = Annotated[
    list[str] | None,
    typer.Option(help="A whsec_ secret or whpk_ public key; may be repeated. Every user of the machine can see it."),
]
SecretFileOption = Annotated[Path | None, typer.Option(help="A file with such secrets, one a line.")]
FormOption = Annotated[
    Form | None, typer.Option(help="Take only what is signed so; left out, what the verifier takes by itself.")
]
AnswerOption = Annotated[
    str, typer.Option(help="Statuses in their turn, the last one from then on: 500,429:retry-after=5,204.")
]
DelayOption = Annotated[str, typer.Option(help="How long to wait before answering, such as 2s.")]
WishOption = Annotated[Wish | None, typer.Option(help="Ask this of the sender, in the header webhook-delivery.")]
CountOption = Annotated[int | None, typer.Option("--count", "-n", min=1, help="End after so many.")]
RegisterOption = Annotated[
    str | None,
    typer.Option("--register", metavar="NAME", help="Make this endpoint at the gateway, and delete it at the end."),
]
EventOption = Annotated[
    list[str] | None, typer.Option(help="Of the endpoint: which events, such as 'job.*'; may be repeated.")
]
PublicUrlOption = Annotated[
    str | None, typer.Option(help="How a gateway elsewhere reaches this; left out, by the address it listens at.")
]


VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show headers too.")]
WholeOption = Annotated[bool, typer.Option("--whole", help="Show all of a body, however long.")]
ExposeOption = Annotated[
    bool, typer.Option("--yes-expose", help="Yes, others than this machine may send what is printed here.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog=examples(
            "hookyard listen",
            "hookyard listen --register try --event 'job.*' --event order.placed",
            "hookyard listen --answer 500,429:retry-after=5,204 --count 3 --json",
        )
    )(listen)


def listen(  # noqa: PLR0917  what a person types, as options
    host: HostOption = "127.0.0.1",
    port: PortOption = 9000,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    form: FormOption = None,
    answer: AnswerOption = "204",
    delay: DelayOption = "0s",
    wish: WishOption = None,
    count: CountOption = None,
    register_as: RegisterOption = None,
    event: EventOption = None,
    public_url: PublicUrlOption = None,
    url: UrlOption = DEFAULT_URL,
    token_file: TokenFileOption = None,
    *,
    verbose: VerboseOption = False,
    whole: WholeOption = False,
    yes_expose: ExposeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Receive webhooks, verify them, and print what arrives, until Ctrl-C.

    Secrets come by --secret, --secret-file and HOOKYARD_LISTEN_SECRET, any number of them. Without any, and without
    --register, one is made and printed in an endpoint that fits. What does not verify is answered 401, the rest as
    --answer says. Exits with 1 when something did not verify.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.cli.listen import asking
    from hookyard.cli.listen.printing import Printing
    from hookyard.cli.listen.secret import given
    from hookyard.cli.listen.serving import Asked, run
    from hookyard.outbound.signing import new_secret

    chosen = asking.form(form)
    events = tuple(event or ())
    secrets = given(secret or (), secret_file)
    made = () if secrets or register_as else (new_secret(),)
    printing = Printing(json=as_json, headers=verbose, whole=whole, events=events or ("job.*",), form=chosen)
    asked = Asked(
        host=asking.address(host, exposed=yes_expose),
        port=port,
        secrets=secrets or made,
        form=chosen,
        answers=asking.answers(answer, wish),
        delay=asking.milliseconds(delay),
        count=count,
        tell=printing.tell,
        begin=lambda at, registered: printing.begin(at, registered, made),
        public_url=public_url,
        registration=asking.registration(register_as, events, chosen, gateway=url, token_file=token_file),
    )
    raise typer.Exit(run(asked))
