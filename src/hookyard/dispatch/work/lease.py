"""Lease tokens as workers see them."""

import random
import re
from typing import Final

_TEXT: Final = re.compile(r"[0-9a-f]{1,16}")
_BITS: Final = 62


def new_token() -> int:
    """A token that no other lease has."""
    return random.SystemRandom().getrandbits(_BITS)


def lease_text(token: int) -> str:
    """The token as text."""
    return f"{token:016x}"


def token_of(text: str) -> int | None:
    """The token that this text stands for; None when it cannot be one."""
    if not _TEXT.fullmatch(text):
        return None
    token = int(text, 16)
    return token if token < 1 << 63 else None
