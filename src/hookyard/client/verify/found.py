"""What becomes of a verification."""

from dataclasses import dataclass
from typing import Literal

from hookyard.errors import HookyardError

Form = Literal["standard", "plain", "http"]
"""Standard Webhooks; `X-Webhook-Signature`; HTTP Message Signatures (RFC 9421)."""
Step = Literal[
    "form", "missing", "repeated", "malformed", "timestamp", "version", "coverage", "url", "content_digest", "mismatch"
]
"""Where it ended.

================  ====================================================================================================
`form`            it is signed in no form, in another than the caller insists on, or only in one to be insisted on
`missing`         a header that the form needs is not there, or is empty
`repeated`        a header that matters is there more than once, or a signature is
`malformed`       a header is not written as its form has it, or has more signatures than anybody needs
`timestamp`       it is too old, or lies ahead
`version`         no signature is of a kind that the given secrets and keys can verify
`coverage`        of RFC 9421: it does not cover what it must
`url`             of RFC 9421: it covers the URL, and the caller says none, or what is none
`content_digest`  of RFC 9421: the body is not the one whose digest was signed
`mismatch`        nobody signed this with any of the secrets
================  ====================================================================================================
"""


class VerificationError(HookyardError):
    """The request is not what a holder of a secret sent just now; the message says which step failed.

    The message is for one's own log: an answer to the sender should say no more than 401.

    Args:
        step: where it ended.
        why: the sentence.
    """

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(why)
        self.step: Step = step


@dataclass(frozen=True, slots=True)
class Verified:
    """What is certain of a request."""

    form: Form
    """By which it was verified."""
    algorithm: str
    """`v1`, `v1a`, `sha256`, `hmac-sha256` or `ed25519`."""
    number: int
    """Which of the given secrets and keys it was, from 0."""
    id: str | None = None
    """The delivery's, the same on every attempt; None where it is not signed, as in the plain form."""
    timestamp: int | None = None
    """Seconds since 1970-01-01 UTC, of the attempt; None where it is not signed."""
