"""Discord pings by a signed request: of interactions with type 1, of webhook events with type 0.

Sources: https://docs.discord.com/developers/interactions/overview and
https://docs.discord.com/developers/events/webhook-events
"""

from typing import Final

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, json, members
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_NOTHING: Final = Reply(status=204)


class Discord(Quiet):
    """The ping."""

    name = "discord"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Answer it in kind. What has an `event` is a webhook event, whose type 1 is no ping."""
        del request, event, key, terms
        asked = members(body)
        kind = asked.get("type")
        if type(kind) is not int or "event" in asked:  # to Python, true is 1
            return None
        if kind == 1:
            return json({"type": 1})
        return _NOTHING if kind == 0 else None
