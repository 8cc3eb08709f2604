"""How the text of a shared secret becomes the key."""

import secrets
from base64 import b64encode
from typing import Final, Literal, Protocol

from hookyard.inbound.template.encoding import decode_base64, decode_hex
from hookyard.inbound.verifier import Pair
from hookyard.webhook_secret import PREFIX, SecretError, secret_key

KeyForm = Literal["raw", "base64", "hex", "whsec", "pem"]
SHORTEST: Final = 16
"""Bytes of a key that is written in base64 or hex: such a one was made by a machine, and a shorter one is cut off."""

SHORTEST_TOKEN: Final = 8
"""Characters."""


class Keys(Protocol):
    """Makes keys of what is configured."""

    def load(self, secret: str) -> object:
        """The receiver's half.

        Raises:
            SecretError: it cannot be one.
        """
        ...

    def load_signing(self, secret: str) -> object:
        """The sender's half."""
        ...

    def pair(self) -> Pair:
        """Make up one."""
        ...


class SharedKeys:
    """One secret for both.

    Args:
        form: how it is written.
        token: whether it is itself what comes, so that a short one could be guessed by trying.
        basic: whether it is a user's name and password.
    """

    def __init__(self, form: KeyForm, *, token: bool = False, basic: bool = False) -> None:
        self._form = form
        self._token = token
        self._basic = basic

    def load(self, secret: str) -> bytes:
        """The key.

        Raises:
            SecretError: it is empty, or not written as it must be.
        """
        if not secret.strip():
            msg = "is empty"
            raise SecretError(msg)
        if self._form == "whsec":
            return secret_key(secret)
        if self._form == "raw":
            if self._basic and not all(secret.partition(":")):
                msg = "must be written user:password"
                raise SecretError(msg)
            if self._token and len(secret.partition(":")[2] if self._basic else secret) < SHORTEST_TOKEN:
                msg = f"is too short: it is sent as it is, so it must have at least {SHORTEST_TOKEN} characters"
                raise SecretError(msg)
            return secret.encode()
        decoded = (decode_hex if self._form == "hex" else decode_base64)(secret.encode())
        if decoded is None:
            msg = f"is not {self._form}"
            raise SecretError(msg)
        if len(decoded) < SHORTEST:
            msg = f"must be {self._form} of at least {SHORTEST} bytes, and is of {len(decoded)}"
            raise SecretError(msg)
        return decoded

    load_signing = load

    def pair(self) -> Pair:
        """Make up one of 32 random bytes."""
        key = secrets.token_bytes(32)
        if self._form == "base64":
            text = b64encode(key).decode()
        elif self._form == "whsec":
            text = PREFIX + b64encode(key).decode()
        else:
            text = f"user:{key.hex()}" if self._basic else key.hex()
        return Pair(text, text)
