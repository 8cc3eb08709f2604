"""The one field of a form that holds the JSON, and for some senders is what they sign."""

from typing import Final

from hookyard.inbound.forms import unquoted
from hookyard.inbound.request import InboundRequest

FORM: Final = b"application/x-www-form-urlencoded"
_MOST: Final = 64
"""Fields; a form that holds its JSON in one has few others."""


def is_form(request: InboundRequest) -> bool:
    """Whether the body is a form, by what its sender says."""
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == FORM


def field_of(body: bytes, name: str) -> bytes | None:
    """What a form's field holds, decoded; None when it is not there exactly once, or there are too many others."""
    wanted = name.encode()
    fields = body.split(b"&", _MOST)
    if len(fields) > _MOST:
        return None
    found: list[bytes] = []
    for each in fields:
        key, is_there, value = each.partition(b"=")
        if is_there and unquoted(key) == wanted:
            found.append(value)
    return unquoted(found[0]) if len(found) == 1 else None
