"""An artifact as it is sent: piece by piece, and never as something that a browser shows."""

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from litestar.types import Receive, Scope, Send

from hookyard.errors import ArtifactError
from hookyard.gateway.answer import Headers
from hookyard.log import get
from hookyard.model import Artifact

_UNPLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")

log = get("gateway")


def download_headers(artifact: Artifact) -> Headers:
    """The header of the answer; a plugin says what the content is, so no browser is to take it for a page."""
    # RFC 6266, section 5: a plain name for old clients, and the whole one as RFC 5987 has it.
    plain, whole = _UNPLAIN.sub("_", artifact.name), quote(artifact.name, safe="")
    return [
        (b"content-type", artifact.media_type.encode("ascii", "replace")),
        (b"content-length", b"%d" % artifact.size),
        (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}".encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"etag", f'"{artifact.sha256}"'.encode("ascii")),
    ]


def is_known(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the caller has it already (RFC 9110, section 13.1.2): `*`, or a list with the tag, which may be weak."""
    tags = [tag.strip() for tag in if_none_match.split(b",")]
    return tags == [b"*"] or etag in (tag.removeprefix(b"W/") for tag in tags)


class Download:
    """The ASGI application that sends one."""

    __slots__ = ("_first", "_headers", "_rest")

    def __init__(self, headers: Headers, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._headers = headers
        self._first = first
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        try:
            async for piece in self._rest:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except ArtifactError as error:
            # The status is said already: an answer that stays unfinished is how its reader learns of it.
            log.error("gateway.download_failed", error=str(error))  # noqa: TRY400  the sentence says all
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
