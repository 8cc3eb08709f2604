"""JSON bodies into Structs, and what is said when they are none."""

import re
from typing import Final

import msgspec

from hookyard.errors import Refused, place_of

_MEMBER: Final = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*?)`", re.DOTALL)


def require_utf8(body: bytes) -> None:
    """Refuse bytes that are not UTF-8; msgspec looks at the strings it keeps only, and bodies are kept verbatim.

    Raises:
        Refused: they are not.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Refused("invalid_json", "The body is not UTF-8.") from error


def refusal(error: Exception, base: str = "$") -> Refused:
    """Translate a decoder's error.

    Args:
        error: what msgspec raised.
        base: the JSON path at which what was decoded stands in what the caller sent.
    """
    if isinstance(error, RecursionError):
        return Refused("invalid_json", "The JSON is nested too deeply.")
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return Refused("invalid_json", text if isinstance(error, msgspec.DecodeError) else "")
    detail, path = place_of(error)
    if member := _MEMBER.match(detail):
        path += f".{member['name']}"
    return Refused("invalid_input", detail, path=base + path[1:])
