"""The fields of a form.

Some senders sign them, so they are decoded before anybody has vouched for them, strictly and fast: a form is taken as
forms are written (https://url.spec.whatwg.org/#urlencoded-serializing), and of a large one no step is Python's for each
escape.
"""

import re
from binascii import a2b_qp
from typing import Final

from hookyard.inbound.request import InboundRequest

FORM: Final = b"application/x-www-form-urlencoded"
_MOST: Final = 64
"""Fields; a form that holds its JSON in one has few others."""
_ESCAPE: Final = 3
_PIECE: Final = 64 << 10
_NEVER_WRITTEN: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|=")
_TO_QUOTED: Final = bytes.maketrans(b"%+", b"= ")


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
        if is_there and len(key) <= _ESCAPE * len(wanted) and _decoded(key) == wanted:
            found.append(value)
    return _decoded(found[0]) if len(found) == 1 else None


def fields_of(body: bytes, most: int) -> list[tuple[bytes, bytes]] | None:
    """Every field, decoded; None when there is none, one is malformed, or there are more than `most`."""
    given = body.split(b"&", most)
    found: list[tuple[bytes, bytes]] = []
    for each in given if len(given) <= most else ():
        if each:
            key, is_there, value = each.partition(b"=")
            name, text = _decoded(key), _decoded(value)
            if not is_there or name is None or text is None:
                return None
            found.append((name, text))
    return found or None


def _decoded(text: bytes) -> bytes | None:
    """Undo the escapes; None where there are some that no form has."""
    decoded = bytearray()
    at = 0
    while at < len(text):
        end = min(at + _PIECE, len(text))
        cut = text.rfind(b"%", end - _ESCAPE + 1, end) if end < len(text) else -1
        end = cut if cut > at else end  # an escape is not cut in two
        # A piece at a time, so that a large form does not hold up all others.
        if _NEVER_WRITTEN.search(text, at, end):
            return None
        # Quoted-printable is the same but for the sign; what else is special there stands behind one.
        piece = text[at:end].translate(_TO_QUOTED)
        decoded += a2b_qp(piece) if b"=" in piece else piece
        at = end
    return bytes(decoded)
