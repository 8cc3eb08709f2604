"""An attempt's error as stores keep it: as JSON text."""

from typing import Final

import msgspec

from hookyard.model import ErrorInfo

UNREADABLE: Final = ErrorInfo(code="unreadable", message="The stored error cannot be read.")
"""What stands for an error that an older version, or a plugin that minds no types, left in another shape."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ErrorInfo)


def error_text(error: ErrorInfo) -> str:
    """An error as it is stored."""
    return _encoder.encode(error).decode()


def error_of(text: str) -> ErrorInfo:
    """The stored error, or :data:`UNREADABLE`: a job must not be lost because of what is told about it."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return UNREADABLE


def mentions(error: ErrorInfo, folded: str) -> bool:
    """Whether the code or the message has this text in it, which is folded already."""
    return folded in str(error.code).casefold() or folded in str(error.message).casefold()
