"""Twitch's EventSub asks by a signed request whether the subscription was meant.

Source: https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#responding-to-a-challenge-request
"""

import re
from typing import Final

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import LONGEST, Quiet, members, plain, told
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_CHALLENGE: Final = re.compile(rf"[!-~]{{1,{LONGEST}}}")


class Twitch(Quiet):
    """`webhook_callback_verification`: the challenge is said back."""

    name = "twitch"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Say the challenge back.

        The header that says what a request is is not signed; what is said back is, and no event has it.
        """
        del event, key, terms
        if request.headers.get(b"twitch-eventsub-message-type") != b"webhook_callback_verification":
            return None
        return plain(told(members(body), "challenge", _CHALLENGE).encode())
