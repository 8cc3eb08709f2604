"""What the verifiers have in common: finding a header, decoding, comparing, and saying which key it was."""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template.encoding import decode_base64
from hookyard.inbound.template.key import SHORTEST_TOKEN
from hookyard.inbound.verifier import BadSignature, Key, Step
from hookyard.webhook_secret import SecretError

_LONGEST: Final = 64 * 1024
"""Bytes of a header that is looked at; servers take less, but nobody has to rely on that."""


def header(request: InboundRequest, name: bytes, *, otherwise: Step = "missing") -> bytes:
    """The header, which must be there once and not be empty.

    Args:
        request: as it came.
        name: in lower case.
        otherwise: the step that failed when it is not there.

    Raises:
        BadSignature: it is not there, is empty, came several times or is huge.
    """
    if name in request.repeated:
        raise BadSignature("repeated", name.decode())
    found = request.headers.get(name)
    if not found:
        raise BadSignature(otherwise, name.decode())
    if len(found) > _LONGEST:
        raise BadSignature("malformed", name.decode())
    return found


def base64(text: bytes, size: int) -> bytes | None:
    """Decode canonical base64, with its padding or without; None when it is none, or not of so many bytes."""
    decoded = decode_base64(text)
    return decoded if decoded is not None and len(decoded) == size else None


def same(one: bytes, other: bytes) -> bool:
    """Whether two texts are the same, in a time that tells neither what they are nor how long."""
    return hmac.compare_digest(sha256(one).digest(), sha256(other).digest())


def who(keys: Sequence[Key], matched: Iterable[bool]) -> Key:
    """The first of the keys that matched, after all of them were tried.

    Raises:
        BadSignature: there are none (`no_secret`), or none of them did (`mismatch`).
    """
    if not keys:
        raise BadSignature("no_secret")
    found: Key | None = None
    for key, is_it in zip(keys, list(matched), strict=True):
        if is_it and found is None:
            found = key
    if found is None:
        raise BadSignature("mismatch")
    return found


def holds(key: Key, given: bytes) -> bool:
    """Whether the key is a token, and this one."""
    found = key.material
    return isinstance(found, bytes) and same(found, given)


def token(secret: str) -> bytes:
    """A secret that is sent along as it is.

    Raises:
        SecretError: it is empty, short enough to be guessed, or could not be in a header.
    """
    found = text(secret)
    if len(secret) < SHORTEST_TOKEN:
        msg = f"is too short: it is sent as it is, so it must have at least {SHORTEST_TOKEN} characters"
        raise SecretError(msg)
    return found


def text(secret: str) -> bytes:
    """A secret that keys a MAC as it is written.

    Raises:
        SecretError: it is empty, or could not be in a header.
    """
    if not secret.strip():
        msg = "is empty"
        raise SecretError(msg)
    if secret != secret.strip() or any(ord(char) < 0x20 or ord(char) == 0x7F for char in secret):  # noqa: PLR2004  DEL
        msg = "has spaces around it or control characters in it, which no header can have"
        raise SecretError(msg)
    return secret.encode()
