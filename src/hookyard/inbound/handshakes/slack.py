"""Slack asks by a signed event whether the URL is the app's.

Source: https://docs.slack.dev/reference/events/url_verification
"""

import re
from typing import Final

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import LONGEST, Quiet, members, plain, told
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_CHALLENGE: Final = re.compile(rf"[!-~]{{1,{LONGEST}}}")


class Slack(Quiet):
    """`url_verification`: the challenge is said back."""

    name = "slack"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Say the challenge back."""
        del request, event, key, terms
        asked = members(body)
        if asked.get("type") != "url_verification":
            return None
        return plain(told(asked, "challenge", _CHALLENGE).encode())
