"""An artifact as it is sent: whole or a part of it, piece by piece, and never as something that a browser shows."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from litestar.types import ASGIApp, Receive, Scope, Send

from hookyard.artifacts import ArtifactStore
from hookyard.errors import ArtifactError, ArtifactGone, Refused, StoreUnavailable
from hookyard.gateway.answer import Answer, Headers
from hookyard.gateway.caller import Seen
from hookyard.gateway.ranges import asked_range, still_holds
from hookyard.gateway.refusals import refuse
from hookyard.log import get
from hookyard.model import Artifact

_UNPLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")

log = get("gateway")


async def download(objects: ArtifactStore, artifact: Artifact, known: Seen) -> ASGIApp:
    """Answer a request for an artifact: 200, 206 with a part, 304 or 416 (RFC 9110, sections 13 and 14).

    Raises:
        Refused: its content is gone.
        StoreUnavailable: its content cannot be read now.
    """
    etag = f'"{artifact.sha256}"'.encode("ascii")
    if _is_known(known.headers.get(b"if-none-match", b""), etag):
        return Answer(304, b"", [(b"etag", etag)])
    size, status, headers = artifact.size, 200, _headers(artifact, etag)
    start, end = 0, size
    try:
        part = asked_range(known.headers.get(b"range"), size)
    except ValueError:
        return _unsatisfiable(known, size)
    if part is not None and still_holds(known.headers.get(b"if-range"), etag):
        start, end = part
        status = 206
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
    headers.append((b"content-length", b"%d" % (end - start)))
    if known.head:
        return Answer(status, b"", headers)
    pieces = objects.stream(artifact.location, start, end)
    try:
        first = await anext(pieces, b"")
    except ArtifactGone as error:
        raise Refused("not_found", "The content of the artifact is gone.") from error
    except ArtifactError as error:
        raise StoreUnavailable("The content of the artifact cannot be read now.", retry_after=5) from error
    return _Download(status, headers, first, pieces)


def _headers(artifact: Artifact, etag: bytes) -> Headers:
    """The header of the answer; a plugin says what the content is, so no browser is to take it for a page."""
    # RFC 6266, section 5: a plain name for old clients, and the whole one as RFC 5987 has it.
    plain, whole = _UNPLAIN.sub("_", artifact.name), quote(artifact.name, safe="")
    digest = b64encode(bytes.fromhex(artifact.sha256))
    return [
        (b"content-type", artifact.media_type.encode("ascii", "replace")),
        (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}".encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag),
        (b"repr-digest", b"sha-256=:%s:" % digest),  # RFC 9530: of the whole, whatever part is sent
    ]


def _is_known(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the caller has it already (RFC 9110, section 13.1.2): `*`, or a list with the tag, which may be weak."""
    tags = [tag.strip() for tag in if_none_match.split(b",")]
    return tags == [b"*"] or etag in (tag.removeprefix(b"W/") for tag in tags)


def _unsatisfiable(known: Seen, size: int) -> Answer:
    error = Refused("range_not_satisfiable", f"It has {size} bytes, and none of those that were asked for.")
    answer = refuse(error, known.request_id, principal=known.principal, peer=known.peer)
    answer.headers.append((b"content-range", b"bytes */%d" % size))
    return answer


class _Download:
    """The ASGI application that sends one."""

    __slots__ = ("_first", "_headers", "_rest", "_status")

    def __init__(self, status: int, headers: Headers, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._status = status
        self._headers = headers
        self._first = first
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        try:
            async for piece in self._rest:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except ArtifactError as error:
            # The status is said already: an answer that stays unfinished is how its reader learns of it.
            log.error("gateway.download_failed", error=str(error))  # noqa: TRY400  the sentence says all
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
