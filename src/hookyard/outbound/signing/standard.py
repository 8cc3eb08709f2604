"""Standard Webhooks: `v1` (HMAC-SHA256) and `v1a` (Ed25519) over `{id}.{timestamp}.{body}`.

Source: the Standard Webhooks specification, "Signature scheme" (https://github.com/standard-webhooks/standard-webhooks).
"""

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Final

from hookyard.outbound.form import Rendered
from hookyard.outbound.signing.secrets import Mac, Secrets
from hookyard.webhook_secret import SecretError

ID: Final = "webhook-id"


class Usual:
    """One shared secret without an end and nothing besides: most endpoints, and so the one that is made to be quick.

    Args:
        mac: signs.
        agent: `user-agent`.
        headers: more of them, in lower case.
    """

    __slots__ = ("_agent", "_headers", "_inner", "_outer")

    def __init__(self, mac: Mac, agent: str, headers: Mapping[str, str]) -> None:
        self._inner = mac.inner
        self._outer = mac.outer
        self._agent = agent
        self._headers = dict(headers)

    def render(self, identifier: str, event: str, body: bytes, now: int) -> Rendered:  # noqa: ARG002  as all forms
        """See :class:`hookyard.outbound.form.Form`."""
        seconds = str(now // 1000)
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"{identifier}.{seconds}.".encode() + body)
        outer.update(inner.digest())
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": seconds,
            "webhook-signature": "v1," + b2a_base64(outer.digest(), newline=False).decode(),
            "content-type": "application/json",
            "user-agent": self._agent,
        }
        if self._headers:
            headers.update(self._headers)
        return Rendered(headers, body)


def sign(secrets: Secrets, identifier: str, body: bytes, now: int) -> dict[str, str]:
    """The three headers, signed by every secret that is still good.

    Raises:
        SecretError: none is.
    """
    seconds = str(now // 1000)
    content = f"{identifier}.{seconds}.".encode() + body
    signatures = [f"v1,{_base64(mac.digest(content))}" for mac in secrets.live_macs(now)]
    signatures += [f"v1a,{_base64(pair.digest(content))}" for pair in secrets.live_pairs(now)]
    if not signatures:
        msg = "is over, and so is every other one: nothing is sent that nobody signs"
        raise SecretError(msg)
    return {ID: identifier, "webhook-timestamp": seconds, "webhook-signature": " ".join(signatures)}


def _base64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()
