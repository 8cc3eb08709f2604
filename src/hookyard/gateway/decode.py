"""JSON bodies into Structs, and what is said when they are none."""

import re
from typing import Final

import msgspec

from hookyard.errors import Refused, member_place_of

_HALF: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_BYTE: Final = re.compile(r"\(byte (\d+)\)$")
_ESCAPES: Final = 12
"""Bytes of two escapes."""


def require_utf8(body: bytes) -> None:
    """Refuse bytes that are not UTF-8; msgspec looks at the strings it keeps only, and bodies are kept verbatim.

    Raises:
        Refused: they are not.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Refused("invalid_json", "The body is not UTF-8.") from error


def refusal(error: Exception, base: str = "$", body: bytes = b"") -> Refused:
    """Translate a decoder's error.

    Args:
        error: what msgspec raised.
        base: the JSON path at which what was decoded stands in what the caller sent.
        body: what was decoded.
    """
    if isinstance(error, RecursionError):
        return Refused("invalid_json", "The JSON is nested too deeply.")
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        if _is_half(text, body):
            detail = "An escape from \\ud800 to \\udfff stands alone: it is only half of a character."
            return Refused("invalid_json", detail)
        return Refused("invalid_json", text if isinstance(error, msgspec.DecodeError) else "")
    detail, path = member_place_of(error)
    return Refused("invalid_input", detail, path=base + path[1:])


def _is_half(text: str, body: bytes) -> bool:
    """Whether half of a surrogate pair is what an error is about: msgspec takes what follows it for the other half."""
    at = _BYTE.search(text)
    end = len(body) if at is None else int(at[1])
    return _HALF.search(body, max(0, end - _ESCAPES - 1), end + _ESCAPES) is not None
