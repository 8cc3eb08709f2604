"""Makes the request that is sent."""

from urllib.parse import quote_plus, urlsplit
from uuid import uuid4

import typer

from hookyard.cli.hooks.samples import sample
from hookyard.cli.hooks.sender import Sender
from hookyard.clock import SystemClock
from hookyard.errors import Refused
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.sending import signed
from hookyard.inbound.urlencoded import FORM
from hookyard.webhook_secret import SecretError


def make(
    sender: Sender, event: str, content: bytes | None, *, to: str, delivery: str | None, form: bool
) -> InboundRequest:
    """A request, signed now.

    Args:
        sender: who signs.
        event: its name, or a part of it.
        content: the body; None: a sample of the event.
        to: the URL that it is sent to, with its query.
        delivery: its id of the delivery; None: a new one.
        form: whether the body becomes a field of a form.

    Raises:
        Refused: the secret is none of this sender.
        BadParameter: there is no such URL.
    """
    if urlsplit(to).scheme not in {"http", "https"} or not urlsplit(to).hostname:
        raise typer.BadParameter(f"{to!r} is no URL such as http://127.0.0.1:8420/hooks/github", param_hint="--to")
    preset = sender.scheme.preset
    event, body = sample(preset, event)
    body = body if content is None else content
    url, _, query = to.partition("#")[0].partition("?")
    headers = {b"content-type": b"application/json", b"user-agent": b"hookyard hooks send"}
    if form:
        reading = None if preset is None else preset.template or preset.reading
        field = (reading and reading.form) or "payload"
        headers[b"content-type"] = FORM
        body = f"{field}={quote_plus(body)}".encode()
    try:
        return signed(
            sender.scheme,
            body,
            sender.secret,
            event=event,
            delivery=delivery or str(uuid4()),
            now=SystemClock().now(),
            url=url,
            query=query.encode(),
            headers=headers,
        )
    except SecretError as error:
        raise Refused("invalid_request", f"The secret {error}.") from None
    except ValueError:  # what libraries say of a key that is none
        raise Refused("invalid_request", "The secret is no key that could sign this.") from None
