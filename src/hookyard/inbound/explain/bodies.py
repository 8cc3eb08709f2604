"""The bodies that may have been signed where another one was captured: what editors, proxies and frameworks do."""

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus

from hookyard.inbound.explain.styles import LARGEST, styles
from hookyard.inbound.request import InboundRequest

_BOM: Final = b"\xef\xbb\xbf"
_INFLATED: Final = 32 << 20
_FIELDS: Final = 20
_JS: Final = "-_.!~*'()"
"""What `encodeURIComponent` leaves as it is."""


def bodies(request: InboundRequest) -> Iterator[tuple[str, bytes]]:
    """Every body that is tried, the likelier ones first: words that continue "the body ...", and the bytes."""
    body = request.body
    seen = {body}
    for says, each in _all(request, body):
        if each not in seen:
            seen.add(each)
            yield says, each


def _all(request: InboundRequest, body: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _ends(body)
    yield from _forms(body)
    yield from _encodings(request, body)
    yield from ((f"as JSON that is {style}", each) for style, each in styles(body))
    for says, field in _fields(body):
        yield from ((f"{says}, as JSON that is {style}", each) for style, each in styles(field))


def _ends(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "without the line end at its end", body.removesuffix(b"\n").removesuffix(b"\r")
    yield "without the white space around it", body.strip()
    yield "with a line end (LF) after it", body + b"\n"
    yield "with a line end (CRLF) after it", body + b"\r\n"
    bare = body.replace(b"\r\n", b"\n")
    yield "with LF for its line ends, where it has CRLF", bare
    yield "with CRLF for its line ends, where it has LF", bare.replace(b"\n", b"\r\n")
    yield "without the byte order mark before it", body.removeprefix(_BOM)
    yield "with a byte order mark before it", _BOM + body
    joined = body.replace(b"\r", b"").replace(b"\n", b"")
    yield "without any of its line ends", joined
    yield "that is empty", b""


def _fields(body: bytes) -> Iterator[tuple[str, bytes]]:
    if len(body) > LARGEST * 8 or b"=" not in body[:128]:
        return
    try:
        for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS):
            yield f"that the form's field {name[:40]!r} holds, instead of the form", value.encode()
    except (ValueError, UnicodeError):
        return


def _forms(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _fields(body)
    if body[:1] not in {b"{", b"["}:
        yield "with %20 for its blanks, where it has +", body.replace(b"+", b"%20")
        yield "with + for its blanks, where it has %20", body.replace(b"%20", b"+")
        return
    for name in ("payload", "data", "body"):
        yield f"as a form that holds it in the field {name!r}", f"{name}={quote_plus(body)}".encode()
        yield f"as a form that holds it in the field {name!r}", f"{name}={quote(body, safe=_JS)}".encode()


def _encodings(request: InboundRequest, body: bytes) -> Iterator[tuple[str, bytes]]:
    with suppress(UnicodeError):
        yield "in Latin-1, where it has UTF-8", body.decode().encode("latin-1")
    if not body.isascii():
        yield "in UTF-8, where it has Latin-1", body.decode("latin-1").encode()
    if body[:1] == b'"' and len(body) <= LARGEST:
        with suppress(ValueError, RecursionError):
            yield "that stands in it as a JSON text", str(json.loads(body)).encode()
    if b"gzip" in request.headers.get(b"content-encoding", b"").lower() or body[:2] == b"\x1f\x8b":
        with suppress(zlib.error):
            yield "uncompressed", zlib.decompressobj(wbits=31).decompress(body, _INFLATED)
