"""Microsoft Graph asks by a POST that carries nothing but a token in its query, and signs nothing at all.

Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
"""

import re
from collections.abc import Sequence
from typing import Final

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, once, plain
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_TOKEN: Final = re.compile(rb"[ -;=?-~]{1,1024}")
"""Printable, and no markup: whoever wants may have this said back, so nothing may be made of it."""


class MicrosoftGraph(Quiet):
    """`validationToken`. That of notifications, the `clientState`, is for the verifier of the same name to look at."""

    name = "microsoft-graph"

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Say the token back."""
        del keys, terms
        token = once(request, "validationToken") if request.method == "POST" else None
        return plain(token) if token is not None and _TOKEN.fullmatch(token) else None
