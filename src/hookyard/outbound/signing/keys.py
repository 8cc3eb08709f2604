"""Secrets and key pairs of endpoints: made, checked, and what may be shown of them."""

import secrets
from base64 import b64encode
from typing import Final

from hookyard.webhook_secret import PREFIX, PRIVATE, PUBLIC, PublicKey, SecretError, Seed, secret_key, seed_of

_SIZE: Final = 32
"""Bytes: as many as the hash has, and as a seed must have."""


def new_secret() -> str:
    """A random shared secret, `whsec_...`."""
    return PREFIX + b64encode(secrets.token_bytes(_SIZE)).decode()


def new_key() -> str:
    """A random private key, `whsk_...`."""
    return Seed(secrets.token_bytes(_SIZE)).text


def check_secret(text: str) -> None:
    """Return if it signs: a shared secret, or a private key `whsk_...`.

    Raises:
        SecretError: it does not; the message continues "the secret ..." and does not quote it.
    """
    if text.startswith(PUBLIC):
        msg = f"is a public key, which signs nothing: give the private one, which begins with {PRIVATE}"
        raise SecretError(msg)
    if text.startswith(PRIVATE):
        seed_of(text)
    else:
        secret_key(text)


def public_key(text: str) -> PublicKey:
    """What receivers verify with that which a private key `whsk_...` signed.

    Raises:
        SecretError: it is none.
    """
    return seed_of(text).public()
