"""One configured inbound webhook: who may send there, how it is verified, and what its events run."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from hookyard.config.values import Rate
from hookyard.hookspecs import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.inbound.handshake import Terms
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.routes import Route
from hookyard.inbound.scheme import Scheme
from hookyard.inbound.secrets import SourceSecret
from hookyard.inbound.verifier import BadSignature, Key
from hookyard.networks import Networks

_LONGEST_REASON: Final = 200


class Source(Struct, frozen=True, kw_only=True):
    """One inbound webhook at `/hooks/<name>`."""

    name: str
    principal: str
    """`source:<name>`; also the scope in which delivery ids are unique."""
    scheme: Scheme | None
    """None: a plugin verifies."""
    plugin: str | None = None
    """That plugin."""
    keys: tuple[Key, ...] = ()
    """Of the scheme's verifier, in the order of the configuration."""
    secrets: tuple[SourceSecret, ...] = ()
    expiring: bool = False
    """Whether any of them stops being good at some time."""
    routes: tuple[Route, ...]
    take: Literal["first", "all"] = "first"
    window: int
    """Milliseconds for which a delivery id stands for the same job."""
    networks: Networks | None = None
    """Who may send; None: everybody."""
    rate: Rate | None = None
    """How often verified requests may come."""
    terms: Terms = Terms()
    """What handshakes go by."""
    invalid_status: Literal[422, 202] = 422
    url: str = ""
    """Where senders reach it, without query; empty when the configuration does not say."""
    keeps_headers: bool = False
    """Whether any route looks at headers."""

    def live_keys(self, now: int) -> Sequence[Key]:
        """The keys that are still good at a time."""
        return [key for key in self.keys if key.good_at(now)] if self.expiring else self.keys

    def verify(self, request: InboundRequest) -> Key:
        """Return the key that signed a request; only for sources whose requests no plugin verifies.

        Raises:
            BadSignature: it is not signed as it must be.
        """
        scheme = self.scheme
        assert scheme is not None  # noqa: S101  the caller asks the plugin
        if not scheme.never_with.isdisjoint(request.headers):
            foreign = sorted(scheme.never_with & request.headers.keys())
            raise BadSignature("masquerade", foreign[0].decode())
        keys = self.live_keys(request.now)
        if self.keys and not keys:
            raise BadSignature("no_secret", "every secret has expired")
        return scheme.verifier.verify(request, keys)

    def read(self, request: InboundRequest) -> Received:
        """Find out what a verified request is.

        Raises:
            Refused: it has no event, no delivery id, or a body of a kind that is not taken.
        """
        assert self.scheme is not None  # noqa: S101  as in verify
        return self.scheme.reader.read(request, source=self.name, keep_headers=self.keeps_headers)

    def question(self, request: InboundRequest) -> WebhookRequest:
        """What the plugin is asked that verifies this source's requests."""
        now = request.now
        return WebhookRequest(
            source=self.name,
            headers=_texts(request),
            body=request.body,
            secrets=tuple(one.text for one in self.secrets if one.good_at(now)),
            received_at=now,
            repeated=frozenset(name.decode("latin-1") for name in request.repeated),
        )

    def judged(self, request: InboundRequest, verdict: WebhookVerdict | None) -> Received:
        """What a plugin's verdict makes of a request.

        Raises:
            BadSignature: it is not from whom it should be.
        """
        if verdict is None or not verdict.ok:
            raise BadSignature("mismatch", "" if verdict is None else verdict.reason[:_LONGEST_REASON])
        digest = sha256(request.body).digest()
        return Received(
            source=self.name,
            event=verdict.event,
            delivery=verdict.delivery_id or digest.hex(),
            digest=digest,
            body=request.body,
            headers=_texts(request) if self.keeps_headers else {},
            ping=verdict.ping,
        )

    def routes_for(self, received: Received) -> tuple[Route, ...]:
        """The routes that take an event: the first, or all; of a ping only those that name it, and by no glob."""
        routes = self.routes
        if received.ping:
            routes = tuple(route for route in routes if received.event in route.events.names)
        if self.take == "all":
            return tuple(route for route in routes if route.takes(received))
        found = next((route for route in routes if route.takes(received)), None)
        return () if found is None else (found,)

    def event(self, received: Received, route: Route) -> InboundEvent:
        """What the plugin is asked that makes this route's input."""
        return InboundEvent(
            source=self.name,
            event=received.event,
            delivery_id=received.delivery,
            command=route.command,
            body=received.body,
        )


def _texts(request: InboundRequest) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
