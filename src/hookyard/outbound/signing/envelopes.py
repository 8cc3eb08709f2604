"""What stands round an event's data: chosen once for an endpoint, made for each attempt."""

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from hookyard.config.model import Envelope
from hookyard.outbound.signing import cloudevents, payload


class Wrapping(Struct, frozen=True):
    """How the body that is sent is made of the one that is stored."""

    media: str
    """`content-type`."""
    made: Callable[[str, bytes], bytes]
    """From the delivery's id and what is stored to what is sent."""
    typeless: bool
    """Whether it does not say the event's type, which a header has to."""


def wrapping_of(envelope: Envelope, source: str) -> Wrapping | None:
    """How an envelope is made; None when what is stored is what is sent.

    Args:
        envelope: what an endpoint chose.
        source: a URI-reference that names this Hookyard, for CloudEvents.
    """
    if envelope == "standard":
        return None
    if envelope == "cloudevents":
        return Wrapping(cloudevents.CONTENT_TYPE, partial(_cloudevent, source), typeless=False)
    return Wrapping("application/json", _bare, typeless=True)


def _cloudevent(source: str, identifier: str, body: bytes) -> bytes:
    return cloudevents.enveloped(identifier, source, body)


def _bare(_identifier: str, body: bytes) -> bytes:
    return payload.bare(body)
