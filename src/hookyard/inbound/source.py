"""One configured inbound webhook: verify first, then read, then route."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from hookyard.errors import Refused
from hookyard.hookspecs import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.inbound.mapping import Node, render
from hookyard.inbound.scheme import BadSignature, Scheme

_EVENT: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,127}")
_DELIVERY: Final = re.compile(rb"[!-~]{1,255}")
_LONGEST_REASON: Final = 200
_FORM: Final = b"application/x-www-form-urlencoded"
DEFAULT_EVENT: Final = "webhook"


class Route(Struct, frozen=True):
    """Which command an event runs, and with what."""

    on: frozenset[str]
    command: str
    """As `plugin/command`."""
    priority: int
    mapping: Node | None
    """None: the body is the input, byte for byte."""
    mapper: str | None = None
    """The plugin that makes the input instead."""

    def matches(self, event: str) -> bool:
        """Whether this route takes the event."""
        return event in self.on or "*" in self.on

    def args(self, body: bytes, event: str, delivery: str) -> bytes:
        """Make the command's input, as JSON.

        Raises:
            Refused: the body is not JSON, or does not have what the input needs.

        """
        return body if self.mapping is None else render(self.mapping, body, event, delivery)


class Received(Struct, frozen=True, kw_only=True):
    """A verified request."""

    event: str
    delivery_id: str
    """The sender's, or the SHA-256 of the body in hex."""
    digest: bytes
    """SHA-256 of the raw body."""
    body: bytes
    """The JSON: the raw body, or what a form field holds."""
    route: Route | None
    """None: no route takes this event."""
    ping: bool


class Source(Struct, frozen=True, kw_only=True):
    """One inbound webhook at `/hooks/<name>`."""

    name: str
    principal: str
    """`source:<name>`; also the scope in which delivery ids are unique."""
    scheme: Scheme | None
    """None: a plugin verifies."""
    verifier: str | None = None
    """That plugin."""
    secrets: tuple[bytes, ...]
    routes: tuple[Route, ...]
    window: int
    """Milliseconds for which a delivery id stands for the same job."""

    def receive(self, headers: Mapping[bytes, bytes], body: bytes, now: int) -> Received:
        """Verify the raw bytes, then find out what they are.

        Args:
            headers: by lower-case name; a header that came twice is joined with a comma.
            body: the raw body.
            now: milliseconds UTC.

        Raises:
            BadSignature: it is not signed as it must be.
            Refused: it is, but has no event, no delivery id or no JSON.

        """
        scheme = self.scheme
        assert scheme is not None  # noqa: S101  the caller asks the plugin first, and then :meth:`verified`
        scheme.verify(headers, body, now, self.secrets)
        digest = sha256(body).digest()
        event, delivery = DEFAULT_EVENT, None
        if scheme.event_header is not None:
            event = _header(headers, scheme.event_header, _EVENT)
        if scheme.delivery_header is not None:
            delivery = _header(headers, scheme.delivery_header, _DELIVERY)
        ping = event == scheme.ping
        if scheme.form_field is not None and headers.get(b"content-type", b"").lower().startswith(_FORM):
            body = _from_form(body, scheme.form_field)
        return Received(
            event=event,
            delivery_id=delivery or digest.hex(),
            digest=digest,
            body=body,
            route=None if ping else self._route(event),
            ping=ping,
        )

    def question(self, headers: Mapping[bytes, bytes], body: bytes, now: int) -> WebhookRequest:
        """What the plugin is asked that verifies this source's requests; see :meth:`receive` for the parameters."""
        return WebhookRequest(
            source=self.name,
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()},
            body=body,
            secrets=tuple(secret.decode() for secret in self.secrets),
            received_at=now,
        )

    def verified(self, body: bytes, verdict: WebhookVerdict | None) -> Received:
        """What a plugin's verdict makes of a request.

        Raises:
            BadSignature: it is not from whom it should be.

        """
        if verdict is None or not verdict.ok:
            raise BadSignature("mismatch", "" if verdict is None else verdict.reason[:_LONGEST_REASON])
        digest = sha256(body).digest()
        return Received(
            event=verdict.event,
            delivery_id=verdict.delivery_id or digest.hex(),
            digest=digest,
            body=body,
            route=None if verdict.ping else self._route(verdict.event),
            ping=verdict.ping,
        )

    def event(self, received: Received, route: Route) -> InboundEvent:
        """What the plugin is asked that makes this route's input."""
        return InboundEvent(
            source=self.name,
            event=received.event,
            delivery_id=received.delivery_id,
            command=route.command,
            body=received.body,
        )

    def _route(self, event: str) -> Route | None:
        return next((route for route in self.routes if route.matches(event)), None)


def _header(headers: Mapping[bytes, bytes], name: bytes, form: re.Pattern[bytes]) -> str:
    value = headers.get(name)
    if value is None or not form.fullmatch(value):
        problem = "is missing" if value is None else "is malformed"
        raise Refused("invalid_request", f"The header {name.decode()} {problem}.")
    return value.decode("ascii")


def _from_form(body: bytes, name: str) -> bytes:
    """Return the one field of this name, decoded."""
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=16,
        )
    except ValueError as error:
        raise Refused("invalid_request", "The form is malformed.") from error
    values = [value for key, value in fields if key == name]
    if len(values) != 1:
        raise Refused("invalid_request", f"The form must have the field {name!r} once.")
    return values[0].encode()
