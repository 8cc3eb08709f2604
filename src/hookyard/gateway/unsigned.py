"""The questions that senders ask without a signature at `/hooks/{source}`: GET, OPTIONS, and POST with a query.

What no handshake of the source answers is left to the routes: a stranger who asks learns as little of a source that is
there as of one that is not.
"""

from typing import Final

from litestar.types import HTTPScope

from hookyard.errors import Refused
from hookyard.gateway.answer import Answer
from hookyard.gateway.caller import Seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.handshake import before
from hookyard.gateway.refusals import crashed, refuse
from hookyard.gateway.tables import Live
from hookyard.inbound.request import InboundRequest

_PREFIX: Final = "/hooks/"


class Unsigned:
    """Answers them."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._live = live
        self._now = deps.clock.now
        self._bound = deps.limits.lines

    def answer(self, scope: HTTPScope, known: Seen) -> Answer | None:
        """What a question is answered; None when the request is none, or none that this source answers."""
        method, query = scope["method"], scope["query_string"]
        if not scope["path"].startswith(_PREFIX):
            return None
        if method not in {"GET", "OPTIONS"} and not (method == "POST" and query):
            return None
        way = self._live.tables.sources.get(scope["path"][len(_PREFIX) :])
        source = None if way is None else way.source
        if source is None or source.scheme is None or not source.scheme.handshakes:
            return None
        if source.networks is not None and known.peer not in source.networks:
            return None
        now = self._now()
        request = InboundRequest(
            headers=known.headers, repeated=known.repeated, now=now, method=method, query=query, url=source.url
        )
        keys = source.live_keys(now)
        try:
            return before(source.scheme.handshakes, request, keys, source.terms, source=source.name, bound=self._bound)
        except Refused as error:
            return refuse(error, known.request_id, principal=None, peer=known.peer, bound=self._bound)
        except Exception as error:  # noqa: BLE001  the last one to hear of it answers 500
            return crashed(error, known.request_id, principal=None, peer=known.peer)
