"""Microsoft Graph asks by a POST that carries nothing but a token in its query, and signs nothing at all.

Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
"""

import hmac
import re
from collections.abc import Sequence
from typing import Final, cast

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, members, once, plain
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key

_TOKEN: Final = re.compile(rb"[ -;=?-~]{1,1024}")
"""Printable, and no markup: whoever wants may have this said back, so nothing may be made of it."""


class MicrosoftGraph(Quiet):
    """`validationToken`; and the `clientState` of every notification, not only of the first that a request has."""

    name = "microsoft-graph"

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Say the token back."""
        del keys, terms
        token = once(request, "validationToken") if request.method == "POST" else None
        return plain(token) if token is not None and _TOKEN.fullmatch(token) else None

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Answer nothing, but refuse what has a notification without the right `clientState`.

        Raises:
            BadSignature: it has.
        """
        del request, event, key
        if terms.verify_token is None:
            return None
        value = members(body).get("value")
        wanted = terms.verify_token.encode()
        for one in cast("list[object]", value) if isinstance(value, list) else [None]:
            state = members(one).get("clientState")
            if not isinstance(state, str) or not hmac.compare_digest(state.encode("utf-8", "replace"), wanted):
                raise BadSignature("mismatch", "clientState")
        return None
