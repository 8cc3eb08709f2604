"""HTTP Message Signatures (RFC 9421) over the digest of the body (RFC 9530), the method, the URL and a few headers.

Every secret that is still good makes one signature: `sig1`, `sig2` and so on, the newest first; Ed25519 with the
thumbprint of its key as `keyid`, HMAC-SHA256 with no `keyid`, since a shared secret has no public name.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from hookyard.outbound.signing.secrets import Secrets
from hookyard.webhook_secret import SecretError

_COVERED: Final = (
    "content-digest",
    "content-type",
    "webhook-id",
    "x-webhook-delivery",
    "x-webhook-event",
)
"""Headers that are signed, where the request has them."""


def sign(secrets: Secrets, url: str | None, headers: Mapping[str, str], body: bytes, now: int) -> dict[str, str]:
    """`content-digest`, `signature-input` and `signature`.

    Args:
        secrets: that sign.
        url: where it is sent, in canonical form; None where that is not known and so not signed.
        headers: all others of the request, in lower case.
        body: that is sent.
        now: milliseconds.

    Raises:
        SecretError: no secret is good any more.
    """
    digest = f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"
    values = {"@method": "POST"}
    if url is not None:
        values["@target-uri"] = url
    known = {**headers, "content-digest": digest}
    values.update((name, known[name]) for name in _COVERED if name in known)
    lines = "".join(f'"{name}": {value}\n' for name, value in values.items())
    names = " ".join(f'"{name}"' for name in values)
    covered = f"({names});created={now // 1000}"
    signers = [(f'{covered};keyid="{pair.kid}";alg="ed25519"', pair.digest) for pair in secrets.live_pairs(now)]
    signers += [(f'{covered};alg="hmac-sha256"', mac.digest) for mac in secrets.live_macs(now)]
    if not signers:
        msg = "is over, and so is every other one: nothing is sent that nobody signs"
        raise SecretError(msg)
    inputs: list[str] = []
    signatures: list[str] = []
    for number, (parameters, digested) in enumerate(signers, start=1):
        base = f'{lines}"@signature-params": {parameters}'.encode()
        inputs.append(f"sig{number}={parameters}")
        signatures.append(f"sig{number}=:{b64encode(digested(base)).decode()}:")
    return {"content-digest": digest, "signature-input": ", ".join(inputs), "signature": ", ".join(signatures)}
