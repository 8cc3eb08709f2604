"""What an artifact may be called, and what it may say that it is."""

import re
import unicodedata
from typing import Final

from hookyard.errors import ArtifactError

LONGEST_NAME: Final = 200
"""Characters of a name."""
_LONGEST_TYPE: Final = 255

_WORD: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
# RFC 9110, section 8.3.1, in ASCII; what comes after the subtype are parameters, such as a charset.
_MEDIA_TYPE: Final = re.compile(
    rf'{_WORD}/{_WORD}(?:[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|"[ !#-\[\]-~]*"))*',
)
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters and line ends."""


def check_name(name: str) -> str:
    """Return the name, which is one that a file could have too.

    Raises:
        ArtifactError: it is empty, longer than 200 characters, `.` or `..`, or has a slash or a control character.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        msg = f"an artifact's name has 1 to {LONGEST_NAME} characters, not {len(name)}"
        raise ArtifactError(msg)
    if name in {".", ".."} or "/" in name or any(unicodedata.category(one) in _UNSEEN for one in name):
        msg = f"{name!r} cannot be an artifact's name: no slash, no control character, not '.' nor '..'"
        raise ArtifactError(msg)
    return name


def check_media_type(media_type: str) -> str:
    """Return the media type, `type/subtype` with parameters if any.

    Raises:
        ArtifactError: it is none.
    """
    if len(media_type) > _LONGEST_TYPE or not _MEDIA_TYPE.fullmatch(media_type):
        msg = f"{media_type[:_LONGEST_TYPE]!r} is not a media type, such as 'text/plain'"
        raise ArtifactError(msg)
    return media_type
