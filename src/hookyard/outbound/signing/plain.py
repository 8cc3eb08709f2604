"""The plain form: `X-Webhook-Signature: sha256=` and the hex HMAC-SHA256 of the body, as Git hosts have it.

During a rotation there are several, the newest first, with a comma and nothing else between them. What is signed is
the body alone: neither its time nor the event's name nor the delivery's id, which the other headers have.
"""

import re
from typing import Final
from urllib.parse import quote

from hookyard.outbound.signing.secrets import Secrets
from hookyard.webhook_secret import SecretError

ID: Final = "x-webhook-delivery"
EVENT: Final = "x-webhook-event"
_AS_IT_IS: Final = re.compile(r"[!-$&-~]+")


def sign(secrets: Secrets, identifier: str, event: str, body: bytes, now: int) -> dict[str, str]:
    """The four headers, signed by every shared secret that is still good.

    Raises:
        SecretError: none is.
    """
    signatures = [f"sha256={mac.digest(body).hex()}" for mac in secrets.live_macs(now)]
    if not signatures:
        msg = "is over, and so is every other one: nothing is sent that nobody signs"
        raise SecretError(msg)
    return {
        "x-webhook-signature": ",".join(signatures),
        EVENT: spelled(event),
        ID: identifier,
        "x-webhook-timestamp": str(now // 1000),
    }


def spelled(event: str) -> str:
    """A type of event as a header has it: types may have any printable character, headers must not."""
    return event if _AS_IT_IS.fullmatch(event) else quote(event)
