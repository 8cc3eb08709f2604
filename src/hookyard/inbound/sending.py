"""Requests as senders make them: what verifies also signs, for tests and for trying a source out."""

from collections.abc import Mapping

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import Scheme


def signed(
    scheme: Scheme,
    body: bytes,
    secret: str,
    *,
    event: str,
    delivery: str,
    now: int,
    url: str = "",
    query: bytes = b"",
    headers: Mapping[bytes, bytes] | None = None,
) -> InboundRequest:
    """Return the request that a sender would send at `now`.

    Where event and delivery id stand in the body, and the body is a JSON object, they are written into it.

    Args:
        scheme: how it signs.
        body: what it sends.
        secret: what it signs with: of key pairs the private key.
        event: the event's name.
        delivery: its id of the delivery.
        now: milliseconds UTC.
        url: where it sends it, for those who sign the URL.
        query: of that URL, without the `?`.
        headers: what else it sends, by lower-case name.
    """
    headers = headers or {b"content-type": b"application/json"}
    request = InboundRequest(headers=headers, body=body, now=now, url=url, query=query)
    for place, value in ((scheme.reader.event, event), (scheme.reader.delivery, delivery)):
        if place is not None:
            request = place.put(request, value)
    return scheme.verifier.sign(request, secret)
