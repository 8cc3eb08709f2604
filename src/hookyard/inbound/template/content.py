"""What is signed: `{timestamp}.{body}` and its like, taken apart once, at start."""

import re
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature

TOKENS: Final = ("body", "timestamp", "id", "url", "method", "path")
_TOKEN: Final = re.compile(r"\{([a-z]+)\}")


def tokens_of(content: str) -> list[str]:
    """The names between braces, in order, those that there are not among them."""
    return _TOKEN.findall(content)


def has_stray_brace(content: str) -> bool:
    """Whether a brace stands where no token is."""
    rest = _TOKEN.sub("", content)
    return "{" in rest or "}" in rest


class Content:
    """One content."""

    def __init__(self, text: str) -> None:
        split = _TOKEN.split(text)  # text and token by turns
        self._pieces = tuple((piece.encode(), at % 2 == 1) for at, piece in enumerate(split) if piece)
        self.tokens = frozenset(tokens_of(text))
        self.is_body = self._pieces == ((b"body", True),)
        after = [
            follow
            for (piece, is_token), (follow, follows) in pairwise(self._pieces)
            if piece == b"id" and is_token and not follows
        ]
        self.after_id = after[0].decode() if after else ""
        """What ends the delivery id, which an id must not hold: or else a part of the body could be taken for it."""

    def pieces(self, request: InboundRequest, body: bytes, timestamp: str | None, delivery: str | None) -> list[bytes]:
        """What was signed, in pieces, so that a large body is not copied.

        Args:
            request: as it came.
            body: what of its body is signed.
            timestamp: as it is written there; ASCII.
            delivery: the same of the delivery id.

        Raises:
            BadSignature: the URL is signed, and nobody said what it is.
        """
        found: list[bytes] = []
        for piece, is_token in self._pieces:
            if not is_token:
                found.append(piece)
            elif piece == b"body":
                found.append(body)
            elif piece == b"timestamp":
                found.append((timestamp or "").encode())
            elif piece == b"id":
                found.append((delivery or "").encode())
            elif piece == b"method":
                found.append(request.method.encode())
            elif not request.url:
                raise BadSignature("missing", "the source has no url, and it is signed")
            else:
                found.append((request.url if piece == b"url" else urlsplit(request.url).path).encode())
        return found
