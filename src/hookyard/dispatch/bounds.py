"""How much an error may say: every list shows errors whole, and every later change of the job writes them again."""

from typing import Final

import msgspec
from msgspec.structs import replace

from hookyard.model import ErrorInfo

LARGEST_DETAILS: Final = 64 << 10
"""Bytes of an error's `details` as JSON; larger ones are dropped."""
LONGEST_MESSAGE: Final = 8192
"""Characters of an error's message; what is longer is cut."""
LONGEST_CODE: Final = 200
_TOO_LARGE: Final = "too large"


def dropped() -> dict[str, object]:
    """What stands in the place of details that are not kept."""
    return {"dropped": _TOO_LARGE}


def bounded(error: ErrorInfo) -> ErrorInfo:
    """The error as it is kept; the same object when nothing is too large."""
    details = error.details
    if details is not None and len(msgspec.json.encode(details)) > LARGEST_DETAILS:
        details = dropped()
    fits = len(error.message) <= LONGEST_MESSAGE and len(error.code) <= LONGEST_CODE
    if fits and details is error.details:
        return error
    return replace(error, code=error.code[:LONGEST_CODE], message=_cut(error.message), details=details)


def _cut(message: str) -> str:
    """Its beginning, and how long it was."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    note = f"... ({len(message)} characters)"
    return message[: LONGEST_MESSAGE - len(note)] + note
