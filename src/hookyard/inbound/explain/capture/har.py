"""A HAR file, or one entry of it: what browsers, proxies and request bins export."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, field

from hookyard.errors import place_of
from hookyard.inbound.decoding import NO_JSON
from hookyard.inbound.explain.capture.made import TOKEN, Capture, CaptureError, checked

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN: Final = 8


class _Pair(Struct):
    name: str
    value: str = ""


class _PostData(Struct):
    text: str | None = None
    encoding: str | None = None
    params: list[_Pair] | None = None


class _Request(Struct):
    url: str
    method: str = "POST"
    headers: list[_Pair] = []
    post: _PostData | None = field(name="postData", default=None)


class _Entry(Struct):
    request: _Request
    started: str | None = field(name="startedDateTime", default=None)


class _Log(Struct):
    entries: list[_Entry]


class _Har(Struct):
    log: _Log | None = None
    request: _Request | None = None
    started: str | None = field(name="startedDateTime", default=None)


def is_har(content: bytes) -> bool:
    """Whether it is JSON, by its first character."""
    return content.lstrip()[:1] in {b"{", b"["}


def parse_har(content: bytes, entry: int | None) -> Capture:
    """Read one request of a HAR file.

    Args:
        content: of the file.
        entry: which, from 1; left out, the only one there is, or the only one with a body.

    Raises:
        CaptureError: it is none, or has no such entry, or several that could be meant.
    """
    chosen = _choose(_entries(content), entry)
    request = chosen.request
    method = request.method.upper()
    if TOKEN.fullmatch(method) is None:
        raise CaptureError(f"the HAR entry has the method {method[:20]!r}, which is none")
    notes: list[str] = []
    try:
        headers = tuple(
            checked(pair.name, pair.value.encode(), "the HAR entry")
            for pair in request.headers
            if not pair.name.startswith(":")  # HTTP/2 has its first line among the headers
        )
        body = _body(request.post, notes)
    except UnicodeEncodeError:
        raise CaptureError("the HAR file has text that is no Unicode") from None
    return Capture(
        kind="a HAR file",
        method=method,
        target=request.url,
        headers=headers,
        body=body,
        taken=_millis(chosen.started),
        notes=tuple(notes),
    )


def _entries(content: bytes) -> list[_Entry]:
    try:
        found = msgspec.json.decode(content, type=_Har)
    except msgspec.ValidationError as error:
        problem, path = place_of(error)
        raise CaptureError(f"it is JSON, but no HAR file: {problem} at {path}") from None
    except NO_JSON as error:
        raise CaptureError(f"it begins as JSON does, and is none: {error}") from None
    if found.request is not None:
        return [_Entry(request=found.request, started=found.started)]
    if found.log is None:
        raise CaptureError("it is JSON, but no HAR file: it has no `log` with `entries`, and no `request`")
    return found.log.entries


def _choose(entries: list[_Entry], wanted: int | None) -> _Entry:
    if wanted is not None:
        if not 1 <= wanted <= len(entries):
            raise CaptureError(f"the HAR file has {len(entries)} entries, and none is number {wanted}")
        return entries[wanted - 1]
    sending = [number for number, entry in enumerate(entries) if entry.request.post is not None]
    numbers = range(len(entries)) if len(entries) == 1 else sending
    if len(numbers) == 1:
        return entries[numbers[0]]
    if not numbers:
        raise CaptureError("the HAR file has no request with a body")
    # A query may hold a token.
    shown = [f"{at + 1}: {entries[at].request.method} {_place(entries[at].request.url)!r}" for at in numbers[:_SHOWN]]
    more = ", ..." if len(numbers) > _SHOWN else ""
    raise CaptureError(
        f"the HAR file has {len(numbers)} requests with a body; choose by --entry: {', '.join(shown)}{more}"
    )


def _place(url: str) -> str:
    return url.partition("?")[0].rpartition("@")[2][:80]


def _body(post: _PostData | None, notes: list[str]) -> bytes:
    if post is None:
        return b""
    if post.text is None:
        if post.params:
            notes.append("the HAR file has the fields of the form only, so that its exact bytes are a guess")
        return urlencode([(pair.name, pair.value) for pair in post.params or []]).encode()
    if (post.encoding or "").lower() != "base64":
        return post.text.encode()
    try:
        return base64.b64decode(post.text, validate=True)
    except (binascii.Error, ValueError):
        raise CaptureError("the HAR entry says that its body is base64, and it is not") from None


def _millis(text: str | None) -> int | None:
    try:
        found = datetime.fromisoformat(text or "")
        return None if found.tzinfo is None else int((found - _EPOCH).total_seconds() * 1000)
    except (ValueError, OverflowError):
        return None
