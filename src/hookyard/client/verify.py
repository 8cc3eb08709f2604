"""For receivers: check that a webhook was signed by Hookyard, or by anyone who follows Standard Webhooks.

Stricter than the reference library where that is lax: the timestamp is ASCII digits and is signed as it
came, entries of unknown versions or shapes are passed over instead of raising, any of several secrets may
have signed, and the body is bytes.
"""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from typing import Final

from hookyard.errors import HookyardError
from hookyard.webhook_secret import SecretError, secret_key

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_SIGNATURES: Final = 32
"""A header with more is nobody's rotation; the rest of it is not looked at."""


class VerificationError(HookyardError):
    """The request is not what a holder of a secret sent just now; the message says which step failed.

    The message is for one's own log: an answer to the sender should say no more than 401.
    """


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: str | Iterable[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> None:
    """Return if one of the secrets signed this request, and not long ago.

    Args:
        headers: of the request; names in any case.
        body: the request's body as it came, before anything decodes it.
        secrets: one `whsec_` secret or several, any of which may have signed.
        tolerance: seconds by which the timestamp may be off, in both directions.
        now: the time in seconds since 1970-01-01 UTC; the machine's own if left out.

    Raises:
        VerificationError: anything is missing, malformed, too old, too new or signed by somebody else.
        SecretError: one of the secrets is none, which is the receiver's own mistake.
        ValueError: there is no secret.
    """
    keys = [secret_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        msg = "verify needs at least one secret"
        raise ValueError(msg)
    found = {name.lower(): value for name, value in headers.items()}
    identifier, timestamp, signatures = (
        _required(found, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not identifier.isascii():
        msg = "webhook-id is not ASCII"
        raise VerificationError(msg)
    if not _TIMESTAMP.fullmatch(timestamp):
        msg = "webhook-timestamp is not a number of seconds"
        raise VerificationError(msg)
    if not abs((time.time() if now is None else now) - int(timestamp)) <= tolerance:
        msg = "webhook-timestamp is too old or too new"
        raise VerificationError(msg)
    content = f"{identifier}.{timestamp}.".encode() + body
    expected = [hmac.digest(key, content, "sha256") for key in keys]
    # Everything is compared with everything, so that the time taken does not tell which secret is in use.
    matches = [hmac.compare_digest(digest, signature) for signature in _v1(signatures) for digest in expected]
    if not any(matches):
        msg = "no v1 signature in webhook-signature is by one of the secrets"
        raise VerificationError(msg)


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        msg = f"{name} is missing"
        raise VerificationError(msg)
    return value


def _v1(header: str) -> Iterable[bytes]:
    for entry in header.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]:
        version, _, encoded = entry.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                continue


__all__ = ["SecretError", "VerificationError", "verify"]
