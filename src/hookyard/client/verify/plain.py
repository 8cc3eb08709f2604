"""The plain form: `X-Webhook-Signature: sha256=`, of the body and of nothing else."""

import re
from collections.abc import Sequence
from typing import Final

from hookyard.client.verify.found import VerificationError, Verified
from hookyard.client.verify.headers import Fields
from hookyard.client.verify.keys import VerifyingKey
from hookyard.client.verify.signatures import entries, whose

HEADER: Final = "x-webhook-signature"
_ENTRY: Final = re.compile(r"sha256=[0-9a-f]{64}")
_OTHER_FORM: Final = re.compile(rb'"[^"\\\n]{1,200}": |(?![{\["])[!-\-/-~]{1,255}\.[0-9]{9,12}\.')
"""How the content begins that the other forms sign with the same key. No JSON document begins so."""


def check(fields: Fields, body: bytes, keys: Sequence[VerifyingKey]) -> Verified:
    """Verify.

    Raises:
        VerificationError: it does not.
    """
    if not any(key.shared is not None for key in keys):
        raise VerificationError("version", f"{HEADER} is by a shared secret, and only public keys are given")
    usable = entries(fields.one(HEADER), HEADER, ",", lambda entry: _ENTRY.fullmatch(entry) is not None)
    if not usable:
        raise VerificationError("malformed", f"{HEADER} is not sha256= and 64 digits of hex in lower case")
    if _OTHER_FORM.match(body):
        raise VerificationError(
            "form", f"the body begins as what other forms sign; {HEADER} may be made of one of those"
        )
    macs = [bytes.fromhex(entry.removeprefix("sha256=")) for entry in usable]
    owner = whose(keys, macs, (), body)
    if owner is None:
        raise VerificationError("mismatch", f"no signature in {HEADER} is by one of the secrets")
    return Verified("plain", "sha256", owner[0].number)
