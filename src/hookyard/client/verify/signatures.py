"""What the forms have in common: signatures in text, and whose they are."""

import hmac
from base64 import b64encode
from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from typing import Final

from hookyard.client.verify.found import VerificationError
from hookyard.client.verify.keys import VerifyingKey

MOST: Final = 16
"""Signatures of one request: a header with more is nobody's rotation."""
MAC: Final = 32
"""Bytes of an HMAC-SHA256."""
ED25519: Final = 64
"""Bytes of an Ed25519 signature."""


def base64(text: str) -> bytes | None:
    """Its bytes; None where it is not base64, or not the one way to write them, which is padded."""
    try:
        raw = a2b_base64(text.encode("ascii"), strict_mode=True)
    except (BinasciiError, ValueError):
        return None
    return raw if b64encode(raw).decode() == text else None


def whose(
    keys: Sequence[VerifyingKey], macs: Sequence[bytes], signatures: Sequence[bytes], content: bytes
) -> tuple[VerifyingKey, bool] | None:
    """The first key that made one of these, and whether by Ed25519; None if no key did.

    Everything is compared with everything, so that the time taken does not tell which secret is in use.

    Args:
        keys: of both kinds.
        macs: 32 bytes each; only shared secrets are held against them.
        signatures: 64 bytes each; only public keys are.
        content: what was signed.
    """
    good: list[tuple[VerifyingKey, bool]] = []
    for key in keys:
        if key.shared is not None:
            expected = hmac.digest(key.shared, content, "sha256")
            good += [(key, False) for mac in macs if hmac.compare_digest(expected, mac)]
        if key.public is not None:
            public = key.public
            good += [(key, True) for signature in signatures if public.signed(signature, content)]
    return good[0] if good else None


def entries(header: str, name: str, separator: str, usable: Callable[[str], bool]) -> list[str]:
    """The entries of a list of signatures that could be some, in their order.

    Raises:
        VerificationError: there are more than anybody needs, or one of them is there twice.
    """
    found = header.split(separator, MOST + 1)
    if len(found) > MOST:
        raise VerificationError("malformed", f"{name} has more than {MOST} signatures")
    kept = [entry for entry in found if usable(entry)]
    if len(set(kept)) != len(kept):
        raise VerificationError("repeated", f"{name} has the same signature twice")
    return kept
