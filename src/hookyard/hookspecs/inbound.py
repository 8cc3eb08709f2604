"""Inbound webhooks: what `verify_webhook` and `map_input` take and answer."""

from collections.abc import Mapping

from msgspec import Struct


class WebhookRequest(Struct, frozen=True, kw_only=True):
    """A request at `/hooks/<source>` that nobody has verified. It does not show what it carries when it is printed."""

    source: str
    """The source's name in the configuration."""
    headers: Mapping[str, str]
    """By lower-case name; one that came several times is joined with commas."""
    body: bytes
    """The raw bytes, as they came."""
    secrets: tuple[str, ...]
    """Those of the source, any of which may have signed; compare in constant time (`hmac.compare_digest`)."""
    received_at: int
    """Milliseconds since 1970-01-01 UTC."""
    repeated: frozenset[str] = frozenset()
    """The names of the headers that came several times; one that says who signed what should not be among them."""

    def __repr__(self) -> str:
        return f"WebhookRequest(source={self.source!r}, body of {len(self.body)} bytes)"


class WebhookVerdict(Struct, frozen=True, kw_only=True):
    """Whether a request comes from whom it should, and what it is."""

    ok: bool
    event: str = "webhook"
    """What the routes' `on` is held against."""
    delivery_id: str | None = None
    """The sender's id of this delivery, 1 to 255 printable ASCII characters without spaces; None takes the digest of
    the body."""
    ping: bool = False
    """Whether it only asks if anybody is there; answered 200, and runs nothing."""
    reason: str = ""
    """Why not, in a word or two, for the log; the sender never reads it."""


class InboundEvent(Struct, frozen=True, kw_only=True):
    """A verified event that is to become a command's input. It does not show its body when it is printed."""

    source: str
    event: str
    delivery_id: str
    command: str
    """What the route runs, as `plugin/command`."""
    body: bytes
    """JSON, as it came; not yet looked at."""

    def __repr__(self) -> str:
        return f"InboundEvent(source={self.source!r}, event={self.event!r}, command={self.command!r})"
