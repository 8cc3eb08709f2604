"""Standard Webhooks secrets: what signs here and verifies there.

Source: the Standard Webhooks specification, "Signature scheme" (https://github.com/standard-webhooks/standard-webhooks).
"""

import base64
import binascii
from typing import Final

from hookyard.errors import HookyardError

PREFIX: Final = "whsec_"
MIN_KEY: Final = 24
"""Bytes; the specification asks for 24 to 64."""
MAX_KEY: Final = 64


class SecretError(HookyardError):
    """A text is no Standard Webhooks secret. The message does not quote it."""


def secret_key(secret: str) -> bytes:
    """The key a secret stands for: base64, with or without padding, after an optional `whsec_`.

    Args:
        secret: such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`.

    Returns:
        24 to 64 bytes.

    Raises:
        SecretError: it is not base64, or the key is shorter or longer than that.
    """
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        msg = f"is not base64 after {PREFIX}"
        raise SecretError(msg) from None
    if not MIN_KEY <= len(key) <= MAX_KEY:
        msg = f"must be base64 of {MIN_KEY} to {MAX_KEY} random bytes, and is of {len(key)}"
        raise SecretError(msg)
    return key
