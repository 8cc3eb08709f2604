"""JSON that anybody may have sent."""

from typing import Final, TypeVar

import msgspec

from hookyard.errors import Refused

T = TypeVar("T")
NO_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What is raised when a text is no JSON, not of the type, or nested too deep."""


def decoded(body: bytes) -> object:
    """What a body stands for.

    Raises:
        Refused: it is no JSON (`invalid_json`).
    """
    try:
        found: object = msgspec.json.decode(body)
    except NO_JSON as error:
        raise Refused("invalid_json") from error
    return found


def decoded_as(kind: type[T], body: bytes) -> T | None:
    """What a body stands for; None when it is no JSON of this type."""
    try:
        return msgspec.json.decode(body, type=kind)
    except NO_JSON:
        return None
