"""Forms: the JSON in one field of theirs, or all of their fields as one object.

The rules are those of https://url.spec.whatwg.org/#urlencoded-parsing, but that a part without `=` is refused: most
often it is JSON under the wrong name.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from hookyard.errors import Refused
from hookyard.inbound.media import utf8

_MOST: Final = 1000
_PIECE: Final = 16 << 10
_ESCAPE: Final = 3

Fields = dict[str, str | list[str]]


def read_form(form: bytes, field: str | None, codec: str | None) -> tuple[bytes, Fields | None]:
    """Return the JSON that a form holds, or else is.

    Args:
        form: as it came.
        field: holds the JSON, where the form has it.
        codec: Python's name of its charset; None: UTF-8.

    Returns:
        JSON in UTF-8; and what it stands for, when it is the object of all fields: texts, and lists of texts where a
        field comes several times.

    Raises:
        Refused: it is malformed, or has the field several times.
    """
    wanted = None if field is None else field.encode()
    pairs = list(_pairs(form))
    values = [value for name, value in pairs if name == wanted]
    if len(values) > 1:
        raise Refused("invalid_request", f"The form must have the field {field!r} once.")
    if values:
        return _text(values[0], codec), None
    fields: Fields = {}
    for raw_name, raw_value in pairs:
        name, value = _text(raw_name, codec).decode(), _text(raw_value, codec).decode()
        before = fields.get(name)
        if before is None:
            fields[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            fields[name] = [before, value]
    return msgspec.json.encode(fields), fields


def _pairs(form: bytes) -> Iterator[tuple[bytes, bytes]]:
    if form.count(b"&") >= _MOST:
        raise Refused("invalid_request", f"The form may have {_MOST} fields.")
    parts = [part for part in form.split(b"&") if part]
    if not parts:
        raise Refused("invalid_request", "The form is empty.")
    for part in parts:
        name, is_there, value = part.partition(b"=")
        if not is_there:
            hint = ""
            if form.lstrip()[:1] in (b"{", b"["):
                hint = " It looks like JSON: have it sent as application/json."
            raise Refused("invalid_request", f"The form is malformed.{hint}")
        yield unquoted(name), unquoted(value)


def _text(text: bytes, codec: str | None) -> bytes:
    try:
        found = utf8(text, codec)
        found.decode()
    except (Refused, UnicodeDecodeError) as error:
        raise Refused("invalid_request", "The form is malformed: its text is not of its charset.") from error
    return found


def unquoted(text: bytes) -> bytes:
    """Decode escapes piece by piece: of a long text at once they would take many times its size."""
    if len(text) <= _PIECE:
        return unquote_to_bytes(text.replace(b"+", b" "))
    found = bytearray()
    at = 0
    while at < len(text):
        end = min(at + _PIECE, len(text))
        cut = text.rfind(b"%", max(at + 1, end - _ESCAPE + 1), end) if end < len(text) else -1
        if cut > 0:  # an escape must not be cut in two
            end = cut
        found += unquote_to_bytes(text[at:end].replace(b"+", b" "))
        at = end
    return bytes(found)
