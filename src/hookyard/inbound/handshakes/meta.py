"""Meta (Facebook, Instagram, WhatsApp) asks by GET whether the URL belongs to who entered it.

Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from collections.abc import Sequence

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.hub import challenge, knows, mode
from hookyard.inbound.handshakes.parts import Quiet
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key


class Meta(Quiet):
    """`hub.mode=subscribe` with the word that was entered beside the URL."""

    name = "meta"
    reads = needs = frozenset({"verify_token"})

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Say the challenge back to who knows the word."""
        del keys
        return challenge(request) if mode(request) is not None and knows(request, terms) else None
