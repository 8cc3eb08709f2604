"""Forms: the JSON in one field of theirs, or all of their fields as one object.

A part without `=` is refused: most often it is JSON under the wrong name.
"""

from typing import Final

import msgspec

from hookyard.errors import Refused
from hookyard.inbound.media import utf8
from hookyard.inbound.urlencoded import fields_of

_MOST: Final = 1000

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
    pairs = _pairs(form)
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


def _pairs(form: bytes) -> list[tuple[bytes, bytes]]:
    if form.count(b"&") >= _MOST:
        raise Refused("invalid_request", f"The form may have {_MOST} fields.")
    if not form.strip(b"&"):
        raise Refused("invalid_request", "The form is empty.")
    pairs = fields_of(form, _MOST)
    if pairs is None:
        is_json = form.lstrip()[:1] in (b"{", b"[")
        hint = " It looks like JSON: have it sent as application/json." if is_json else ""
        raise Refused("invalid_request", f"The form is malformed.{hint}")
    return pairs


def _text(text: bytes, codec: str | None) -> bytes:
    try:
        found = utf8(text, codec)
        found.decode()
    except (Refused, UnicodeDecodeError) as error:
        raise Refused("invalid_request", "The form is malformed: its text is not of its charset.") from error
    return found
