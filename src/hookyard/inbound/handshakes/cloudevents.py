"""Who sends CloudEvents asks by OPTIONS whether it may.

Source: CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4 (abuse protection),
https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
"""

import re
from collections.abc import Sequence
from typing import Final

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_ORIGIN: Final = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_RATE: Final = re.compile(rb"[1-9][0-9]{0,8}")


class CloudEvents(Quiet):
    """`WebHook-Request-Origin`. It is denied by an answer without `WebHook-Allowed-Origin`: that of no handshake."""

    name = "cloudevents"
    reads = frozenset({"origins", "rate"})

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Allow an origin that the configuration names. What it wants called back is not called: this is the answer."""
        del keys
        given = request.headers.get(b"webhook-request-origin", b"")
        if request.method != "OPTIONS" or not _ORIGIN.fullmatch(given):
            return None
        origin = given.decode("ascii")
        if "*" not in terms.origins and origin.lower() not in {allowed.lower() for allowed in terms.origins}:
            return None
        rate = _rate(request.headers.get(b"webhook-request-rate"), terms.rate)
        return Reply(
            headers=(("allow", "POST"), ("webhook-allowed-origin", origin), ("webhook-allowed-rate", rate)),
        )


def _rate(asked: bytes | None, most: int | None) -> str:
    """How many requests a minute are allowed: `*` is any. It is always said, since Azure's Event Grid wants it."""
    if most is None:
        return "*"
    return str(min(int(asked), most) if asked is not None and _RATE.fullmatch(asked) else most)
