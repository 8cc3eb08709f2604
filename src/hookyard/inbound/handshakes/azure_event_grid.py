"""Azure's Event Grid asks by a first event whether the subscription was meant.

Source: https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema
"""

import re
from typing import Final, cast

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import LONGEST, Quiet, json, members, told
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_CODE: Final = re.compile(rf"[!-~]{{1,{LONGEST}}}")
_TYPE: Final = "Microsoft.EventGrid.SubscriptionValidationEvent"


class AzureEventGrid(Quiet):
    """`SubscriptionValidation`: the code is said back. The `validationUrl` beside it is for people, and not visited."""

    name = "azure-event-grid"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Say the code back."""
        del event, key, terms
        if request.headers.get(b"aeg-event-type", b"").lower() != b"subscriptionvalidation":
            return None
        asked = cast("list[object]", body) if isinstance(body, list) else []
        only = members(asked[0] if len(asked) == 1 else None)
        if only.get("eventType") != _TYPE:
            return None
        code = told(members(only.get("data")), "validationCode", _CODE, "$[0].data")
        return json({"validationResponse": code})
