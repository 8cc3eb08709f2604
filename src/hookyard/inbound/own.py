"""Hookyard's own provider of hooks: it takes Standard Webhooks, those of another Hookyard among them.

It is a plugin as any other, asked through the same facade: `scheme: {plugin: hookyard}` verifies the signature `v1` of
the Standard Webhooks specification (https://github.com/standard-webhooks/standard-webhooks), `map: hookyard` makes the
event's `data` the input.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hookyard.hookspecs import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.host.registry import PluginRecord
from hookyard.plugin import Plugin
from hookyard.webhook_secret import SecretError, secret_key

plugin: Final = Plugin("hookyard")
record: Final = PluginRecord(name=plugin.name, state="active", origin="hookyard", version=version("hookyard"))
"""How it is listed, though no folder and no entry point has it."""
_TOLERANCE: Final = 300_000
"""Milliseconds by which the time of sending may be off, in both directions, as the specification suggests."""
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_EVENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,127}")
_DELIVERY: Final = re.compile(r"[!-~]{1,255}")
_MOST_SIGNATURES: Final = 32


class _Body(Struct):
    """The members of a Standard Webhooks body that matter here."""

    type: str = ""
    data: Raw = Raw(b"null")


@plugin.hook
async def verify_webhook(request: WebhookRequest) -> WebhookVerdict:
    """Whether one of the source's secrets has signed this, and not long ago."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    delivery, timestamp, signatures = (request.headers.get(name, "") for name in names)
    if not _DELIVERY.fullmatch(delivery) or not _TIMESTAMP.fullmatch(timestamp):
        return WebhookVerdict(ok=False, reason="malformed")
    if abs(request.received_at - int(timestamp) * 1000) > _TOLERANCE:
        return WebhookVerdict(ok=False, reason="timestamp_range")
    content = f"{delivery}.{timestamp}.".encode() + request.body
    expected = [hmac.digest(secret_key(secret), content, "sha256") for secret in request.secrets]
    # Everything is compared with everything, so that the time taken does not tell which secret is in use.
    matches = [hmac.compare_digest(digest, given) for given in _v1(signatures) for digest in expected]
    if not any(matches):
        return WebhookVerdict(ok=False, reason="mismatch")
    try:
        event = msgspec.json.decode(request.body, type=_Body).type
    except msgspec.DecodeError:
        event = ""
    return WebhookVerdict(ok=True, event=event if _EVENT.fullmatch(event) else "webhook", delivery_id=delivery)


@plugin.hook
async def map_input(event: InboundEvent) -> Raw:
    """The event's `data`; of what is no such body all, for the command's own check to refuse."""
    try:
        return msgspec.json.decode(event.body, type=_Body).data
    except msgspec.DecodeError:
        return Raw(event.body)


def secret_problem(secret: str) -> str | None:
    """Why this cannot be a secret of a source that is verified here; None when it can."""
    try:
        secret_key(secret)
    except SecretError as error:
        return f"a Standard Webhooks secret {error}"
    return None


def _v1(header: str) -> Iterable[bytes]:
    for entry in header.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]:
        scheme, _, encoded = entry.partition(",")
        if scheme == "v1":
            try:
                yield b64decode(encoded, validate=True)
            except (Base64Error, ValueError):
                continue
