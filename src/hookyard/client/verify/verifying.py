"""One function for all that Hookyard sends."""

import time
from collections.abc import Iterable
from typing import Final, Literal, cast

from hookyard.client.verify import message, plain, standard
from hookyard.client.verify.clock import Moment
from hookyard.client.verify.found import Form, VerificationError, Verified
from hookyard.client.verify.headers import Fields, Headers
from hookyard.client.verify.keys import known

_STANDARD: Final = ("webhook-signature", "webhook-id", "webhook-timestamp")


def verify(
    headers: Headers,
    body: bytes | bytearray | memoryview,
    secrets: str | Iterable[str],
    *,
    form: Form | Literal["auto"] = "auto",
    tolerance: float = 300,
    now: float | None = None,
    url: str | None = None,
    method: str = "POST",
) -> Verified:
    """Return what is certain of a request if one of the secrets signed it, and not long ago.

    A request may be signed in two forms at once. By itself this takes the first of Standard Webhooks and RFC 9421 that
    is there, which then has to be good: a bad one is never made up for by another. The plain form has to be insisted
    on, by `form="plain"`, since nothing in it says when it was sent: whoever has seen one request can send it again at
    any time, so what has no time in it must not stand in for what has. A receiver that knows how it is called to
    should insist in any case.

    Stricter than the reference library, which is lax here:

    - The timestamp is 1 to 12 ASCII digits and is signed as it came; it may be off in neither direction.
    - An id with a dot, which could shift what is signed, is refused.
    - Signatures are base64 in its one canonical form, and as long as those of their version are. Shared secrets verify
      `v1` and nothing else, public keys `v1a` and nothing else, so that no public key is ever taken for a secret.
    - A header that matters and is there more than once, more than 16 signatures, or the same one twice are refused;
      entries of other versions or of no shape are passed over.
    - The body is bytes: a text was decoded by somebody, and may be another than was signed.
    - No secret, an empty one and one of less than 24 bytes are errors, not doors.

    Args:
        headers: of the request, names in any case: a mapping, or pairs of texts or bytes. Pairs show what came twice.
        body: the request's body as it came, before anything decodes it.
        secrets: `whsec_` secrets and `whpk_` public keys, one or several, any of which may have signed. Only public
            keys need more than the standard library, which is `cryptography`.
        form: the one that counts; `auto` as said above.
        tolerance: seconds by which the time of signing may be off, in both directions.
        now: the time in seconds since 1970-01-01 UTC; the machine's own if left out.
        url: for RFC 9421: what the sender calls, in full. When given, the signature has to cover it.
        method: for RFC 9421: the request's.

    Raises:
        VerificationError: anything is missing, malformed, too old, too new or signed by somebody else.
        SecretError: one of the secrets is none, which is the receiver's own mistake.
        ValueError: there is no secret, or the tolerance is negative or no number.
        TypeError: the body is no bytes.
    """
    keys = known(secrets)
    if not tolerance >= 0:
        msg = "the tolerance must be a number of seconds that is not negative"
        raise ValueError(msg)
    fields, content = Fields(headers), _bytes(body)
    moment = Moment(time.time() if now is None else now, tolerance)
    chosen = _found(fields) if form == "auto" else form
    if chosen == "plain":
        return plain.check(fields, content, keys)
    if chosen == "http":
        return message.check(message.Request(fields, method, url), content, keys, moment)
    return standard.check(fields, content, keys, moment)


def _found(fields: Fields) -> Form:
    if any(name in fields for name in _STANDARD):
        return "standard"
    if message.INPUT in fields:
        return "http"
    if plain.HEADER in fields:
        why = f"it has only {plain.HEADER}, which says nothing of when it was sent; form='plain' would take that"
        raise VerificationError("form", why)
    why = f"it is not signed: {', '.join((*_STANDARD, message.INPUT))} are missing"
    raise VerificationError("form", why)


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))  # all of them are buffers
    msg = f"the body must be bytes as they came, not {type(body).__name__}"
    raise TypeError(msg)
