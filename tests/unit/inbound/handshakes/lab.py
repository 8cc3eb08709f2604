"""What the handshake tests share: requests as senders make them, once they are verified or before."""

import json as stdlib
from collections.abc import Mapping
from urllib.parse import urlencode

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

SECRET = b"It's a Secret to Everybody"
KEY = Key(material=SECRET)
NO_TERMS = Terms()


def asked(
    name: str,
    query: Mapping[str, str] | list[tuple[str, str]] | bytes = b"",
    *,
    method: str = "GET",
    headers: Mapping[bytes, bytes] | None = None,
    terms: Terms = NO_TERMS,
    keys: tuple[Key, ...] = (KEY,),
) -> Reply | None:
    """What an unsigned question is answered."""
    text = query if isinstance(query, bytes) else urlencode(query).encode()
    request = InboundRequest(headers=headers or {}, now=0, method=method, query=text)
    return BY_NAME[name].before(request, keys, terms)


def signed(
    name: str,
    body: object,
    *,
    headers: Mapping[bytes, bytes] | None = None,
    event: str = "webhook",
    key: Key = KEY,
    terms: Terms = NO_TERMS,
) -> Reply | None:
    """What a verified request is answered."""
    request = InboundRequest(headers=headers or {}, now=0, body=stdlib.dumps(body).encode())
    return BY_NAME[name].after(request, event, body, key, terms)


def echo(text: str) -> Reply:
    """What says something back."""
    return Reply(
        body=text.encode(), content_type="text/plain; charset=utf-8", headers=(("x-content-type-options", "nosniff"),)
    )


def parsed(reply: Reply | None) -> object:
    """The JSON of an answer."""
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "application/json")
    return stdlib.loads(reply.body)
