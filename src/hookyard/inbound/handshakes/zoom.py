"""Zoom asks by a signed event, when an app is set up and every three days, whether we have the app's secret.

Source: https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint
"""

import hmac
import re
from typing import Final

from hookyard.errors import Refused
from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, json, members, shared_key, told
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_TOKEN: Final = re.compile(r"[A-Za-z0-9_+/=-]{1,128}")
"""Without a colon: what is signed here can never be `v0:{timestamp}:{body}`, of which an event's signature is."""


class Zoom(Quiet):
    """`endpoint.url_validation`: the token is said back, and its HMAC beside it."""

    name = "zoom"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Sign the token, with the secret that has signed the question."""
        del request, event, terms
        asked = members(body)
        if asked.get("event") != "endpoint.url_validation":
            return None
        token = told(members(asked.get("payload")), "plainToken", _TOKEN, "$.payload")
        secret = shared_key(key)
        if secret is None:
            raise Refused("internal")
        return json({"plainToken": token, "encryptedToken": hmac.digest(secret, token.encode(), "sha256").hex()})
