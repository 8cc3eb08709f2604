"""Reads what is not the body out of a request: raw ASGI headers in, values or a refusal out."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec import Struct

from hookyard.errors import Refused

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_LENGTH: Final = re.compile(rb"[0-9]{1,15}")
_JSON: Final = re.compile(rb"application/(?:json|[a-z0-9!#$&^_.-]+\+json)")
_UTF8: Final = re.compile(rb"""charset=(?:utf-8|"utf-8")""")
_PLAIN_KEY: Final = re.compile(rb"[ -~]{1,255}")
_QUOTED_KEY: Final = re.compile(rb'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_PREFERENCE: Final = re.compile(
    # RFC 7240, section 2: a token, perhaps a value, perhaps parameters, which none of ours has.
    rb"""([!#$%&'*+.^_`|~0-9a-z-]+)(?:[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,;"]*)))?(?:[ \t]*;[^,]*)?"""
)
_SECONDS: Final = re.compile(rb"[0-9]{1,9}")


def joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers by name; one that came several times is joined with commas (RFC 9110, section 5.3)."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def request_id(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the caller's own request id, if it is one that can go into logs and headers unseen."""
    given = headers.get(b"x-request-id")
    return given.decode("ascii") if given is not None and _REQUEST_ID.fullmatch(given) else None


def content_length(headers: Mapping[bytes, bytes], cap: int) -> int | None:
    """Return the announced length of the body, before a byte of it is read.

    Raises:
        Refused: it is more than `cap`, or not a number.
    """
    given = headers.get(b"content-length")
    if given is None:
        return None
    if not _LENGTH.fullmatch(given):
        raise Refused("invalid_request", "Content-Length is not a number.")
    if (length := int(given)) > cap:
        raise Refused("too_large", f"The body may have {cap} bytes.", extra={"limit": cap})
    return length


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that says it is something else than JSON in UTF-8. Saying nothing is taken as JSON.

    Raises:
        Refused: it is.
    """
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused("unsupported_media_type", "The body must not be compressed.")
    given = headers.get(b"content-type")
    if given is None:
        return
    media_type, *parameters = (part.strip() for part in given.lower().split(b";"))
    if not _JSON.fullmatch(media_type):
        raise Refused("unsupported_media_type", "The body must be application/json.")
    if any(part.startswith(b"charset=") and not _UTF8.fullmatch(part) for part in parameters):
        raise Refused("unsupported_media_type", "JSON is UTF-8 (RFC 8259, section 8.1).")


def idempotency_key_of(headers: Mapping[bytes, bytes], repeated: Collection[bytes]) -> str | None:
    """The `Idempotency-Key` of a request.

    Raises:
        Refused: there are several, or it is none.
    """
    if b"idempotency-key" in repeated:
        raise Refused("invalid_request", "Idempotency-Key must come once.")
    return idempotency_key(headers.get(b"idempotency-key"))


def idempotency_key(given: bytes | None) -> str | None:
    """Read an `Idempotency-Key`, bare or quoted as the IETF draft has it; both forms are the same key.

    Raises:
        Refused: it is empty, too long, or not printable ASCII.
    """
    if given is None:
        return None
    key = given
    if given.startswith(b'"'):
        quoted = _QUOTED_KEY.fullmatch(given)
        key = b"" if quoted is None else re.sub(rb'\\(["\\])', rb"\1", quoted[1])
    if not _PLAIN_KEY.fullmatch(key):
        raise Refused("invalid_request", "Idempotency-Key must have 1 to 255 printable ASCII characters.")
    return key.decode("ascii")


class Preferences(Struct, frozen=True):
    """What of `Prefer` (RFC 7240) is understood here; the rest may be ignored, and is."""

    wait: int | None = None
    """Seconds the caller would wait for the result."""
    respond_async: bool = False


def preferences(given: bytes | None) -> Preferences:
    """Read a `Prefer` header; of a preference named twice the first counts."""
    found: dict[bytes, bytes] = {}
    for name, quoted, plain in _PREFERENCE.findall((given or b"").lower()):
        found.setdefault(name, quoted or plain)
    wait = found.get(b"wait", b"")
    return Preferences(int(wait) if _SECONDS.fullmatch(wait) else None, b"respond-async" in found)
