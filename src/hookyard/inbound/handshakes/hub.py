"""The questions of hubs: `hub.mode`, `hub.verify_token` and `hub.challenge` in the query of a GET."""

import hmac
import re
from typing import Final, Literal

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import LONGEST, once, plain
from hookyard.inbound.request import InboundRequest

Mode = Literal["subscribe", "unsubscribe"]
_MODES: Final[dict[bytes | None, Mode]] = {b"subscribe": "subscribe", b"unsubscribe": "unsubscribe"}
_CHALLENGE: Final = re.compile(rb"[A-Za-z0-9._~+/=-]{1,%d}" % LONGEST)


def mode(request: InboundRequest) -> Mode | None:
    """What a hub asks for; None: it asks for nothing."""
    return _MODES.get(once(request, "hub.mode")) if request.method == "GET" else None


def knows(request: InboundRequest, terms: Terms) -> bool:
    """Whether the hub knows the word of the configuration; where that has none, nobody does."""
    given, wanted = once(request, "hub.verify_token"), terms.verify_token
    return bool(given and wanted) and hmac.compare_digest(given or b"", (wanted or "").encode())


def challenge(request: InboundRequest) -> Reply | None:
    """Say the challenge back, if it is one: what is said back is a stranger's."""
    found = once(request, "hub.challenge")
    return plain(found) if found is not None and _CHALLENGE.fullmatch(found) else None
