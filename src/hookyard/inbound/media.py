"""What the body of a verified request is written in: by its `Content-Type` and `Content-Encoding`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from hookyard.errors import Refused

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = re.compile(
    # A type such as application/cloudevents+json is JSON too (RFC 6839). Some who send JSON call it plain text, as AWS
    # SNS does, or bytes.
    r"application/(?:json|x-json|octet-stream)|text/(?:json|x-json|plain)|[!-.0-~]+/[!-.0-~]+\+json"
)
_XML: Final = re.compile(r"(?:application|text)/xml|[!-.0-~]+/[!-.0-~]+\+xml")
_CHARSET: Final = re.compile(r"""charset\s*=\s*(?:"([^"]*)"|([^\s;"]*))""")
_CODECS: Final[Mapping[str, str | None]] = {
    # US-ASCII is a part of UTF-8. The names are those of the IANA's registry that senders use.
    "utf-8": None,
    "utf8": None,
    "us-ascii": None,
    "ascii": None,
    "iso-8859-1": "iso-8859-1",
    "iso8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_REMEMBERED: Final = 256
_SHOWN: Final = 80
_BOM: Final = b"\xef\xbb\xbf"


class Media(Struct, frozen=True):
    """What a body is."""

    form: bool = False
    """Of fields, as a browser sends them; else JSON."""
    codec: str | None = None
    """Python's name of the charset; None: UTF-8."""
    refusal: str | None = None
    """Why it is not taken."""


def media_of(headers: Mapping[bytes, bytes]) -> Media:
    """What the body of a request is.

    Raises:
        Refused: nothing that is read here (`unsupported_media_type`); what to do about it stands in its detail.
    """
    if b"content-encoding" in headers:
        _require_uncompressed(headers[b"content-encoding"])
    found = _media(headers.get(b"content-type", b""))
    if found.refusal is not None:
        raise Refused("unsupported_media_type", found.refusal)
    return found


def utf8(text: bytes, codec: str | None) -> bytes:
    """Return text of a charset in UTF-8, without the mark that some begin it with.

    Raises:
        Refused: it is not of that charset (`invalid_json`).
    """
    if codec is None:
        return text.removeprefix(_BOM)
    if codec == "utf-16" and text[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        # Whatever JSON begins with is ASCII (RFC 4627, section 3).
        codec = "utf-16-be" if text[:1] == b"\0" else "utf-16-le"
    try:
        return text.decode(codec).encode().removeprefix(_BOM)
    except UnicodeError as error:
        raise Refused("invalid_json", f"The body is not {codec}, as its Content-Type says.") from error


def _require_uncompressed(encoding: bytes) -> None:
    if encoding.strip().lower() not in (b"", b"identity"):
        detail = "The body is compressed. Bodies must come as they are: switch compression off at the sender."
        raise Refused("unsupported_media_type", detail)


@lru_cache(_REMEMBERED)
def _media(content_type: bytes) -> Media:
    text = content_type.decode("latin-1").lower()
    kind, _, parameters = text.partition(";")
    kind = kind.strip()
    if kind and kind != _FORM and not _JSON.fullmatch(kind):
        return Media(refusal=_refusal(kind))
    named = _CHARSET.search(parameters)
    if named is None:
        return Media(form=kind == _FORM)
    charset = (named[1] or named[2] or "").strip()
    if charset not in _CODECS:
        known = ", ".join(sorted({codec or "utf-8" for codec in _CODECS.values()}))
        return Media(refusal=f"The charset {_shown(charset)} is not known here; there are {known}.")
    return Media(form=kind == _FORM, codec=_CODECS[charset])


def _refusal(kind: str) -> str:
    if _XML.fullmatch(kind):
        return "The body is XML, which is not read here: have the sender send JSON (application/json)."
    if kind.startswith("multipart/"):
        return f"The body is {_shown(kind)}, which is not read here: have the sender send JSON, or a plain form."
    return f"The body is {_shown(kind)}. It must be JSON (application/json) or a form ({_FORM})."


def _shown(text: str) -> str:
    return repr(text[:_SHOWN].encode("ascii", "replace").decode())
