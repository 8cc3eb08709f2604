"""Sends one request as it is, to whoever it is for: what `hookyard hooks send` sends with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import httpx
from msgspec import Struct

from hookyard.errors import Refused

_TIMEOUT: Final = 60.0
_LONGEST: Final = 64 << 10
"""Bytes of an answer that are shown."""


class Answer(Struct, frozen=True):
    """What was answered."""

    status: int
    reason: str
    body: str

    @property
    def success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def send(method: str, url: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
    """Send it once, and follow no redirection.

    Args:
        method: the HTTP method.
        url: its query is not used.
        query: instead of that, without the `?`.
        headers: by name.
        body: as it goes over the wire.

    Raises:
        Refused: it cannot be reached.
    """
    whole = url.partition("#")[0].partition("?")[0] + (f"?{query.decode()}" if query else "")
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream(method, whole, headers=list(headers.items()), content=body) as answer,
        ):
            found = bytearray()
            for part in answer.iter_bytes():
                found += part
                if len(found) > _LONGEST:
                    break
            return Answer(answer.status_code, answer.reason_phrase, found[:_LONGEST].decode(errors="replace"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        place = url.partition("?")[0]
        raise Refused("not_found", f"{place} cannot be reached: {str(error) or type(error).__name__}") from error
