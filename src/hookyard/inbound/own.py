"""Hookyard's own provider of hooks: it takes Standard Webhooks, those of another Hookyard among them.

It is a plugin as any other, asked through the same facade: `scheme: {plugin: hookyard}` verifies just as the preset
`standard-webhooks` does, `map: hookyard` makes the event's `data` the input.
"""

from importlib.metadata import version
from typing import Final

from msgspec import Raw, Struct

from hookyard.hookspecs import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.host.registry import PluginRecord
from hookyard.inbound.decoding import decoded_as
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key
from hookyard.inbound.verifiers.standard_webhooks import StandardWebhooks
from hookyard.model.inbound import EVENT
from hookyard.plugin import Plugin
from hookyard.webhook_secret import SecretError

plugin: Final = Plugin("hookyard")
record: Final = PluginRecord(name=plugin.name, state="active", origin="hookyard", version=version("hookyard"))
"""How it is listed, though no folder and no entry point has it."""
_VERIFIER: Final = StandardWebhooks()
TOLERANCE: Final = _VERIFIER.tolerance
"""Milliseconds by which the time of sending may be off."""


class _Body(Struct):
    """The members of a Standard Webhooks body that matter here."""

    type: str = ""
    data: Raw = Raw(b"null")


@plugin.hook
async def verify_webhook(request: WebhookRequest) -> WebhookVerdict:
    """Whether one of the source's secrets has signed this, and not long ago."""
    headers = {
        name.encode("latin-1", "replace"): value.encode("latin-1", "replace") for name, value in request.headers.items()
    }
    keys = [Key(material=_VERIFIER.load(secret), number=at) for at, secret in enumerate(request.secrets)]
    try:
        repeated = frozenset(name.encode("latin-1", "replace") for name in request.repeated)
        asked = InboundRequest(headers=headers, body=request.body, now=request.received_at, repeated=repeated)
        _VERIFIER.verify(asked, keys)
    except BadSignature as error:
        return WebhookVerdict(ok=False, reason=error.step)
    event = (decoded_as(_Body, request.body) or _Body()).type
    delivery = headers[_VERIFIER.id].decode("ascii")
    return WebhookVerdict(ok=True, event=event if EVENT.fullmatch(event) else "webhook", delivery_id=delivery)


@plugin.hook
async def map_input(event: InboundEvent) -> Raw:
    """The event's `data`; of what is no such body all, for the command's own check to refuse."""
    found = decoded_as(_Body, event.body)
    return Raw(event.body) if found is None else found.data


def secret_problem(secret: str) -> str | None:
    """Why this cannot be a secret of a source that is verified here; None when it can."""
    try:
        _VERIFIER.load(secret)
    except SecretError as error:
        return f"a Standard Webhooks secret {error}"
    return None
